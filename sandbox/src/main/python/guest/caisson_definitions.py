"""How what cells have defined is pickled: functions and classes as the source of their cell and the
place in it, modules by name, and some of the library's own objects that pickle refuses.

Like caisson_cell this belongs to the code of the cells: nothing here is trusted by anyone.
"""

import functools
import gc
import marshal
import sys
import types

# The namespace that cells run in, and their sources by name; set by whoever writes or reads.
namespace = {}
sources = {}

# Those of the sources that something written refers to.
used = set()

# Code that no source of a cell is known for can be read by the same Python only.
_MAGIC = sys.modules["_frozen_importlib_external"].MAGIC_NUMBER

_BUILTIN_DATA = (int, float, complex, str, bytes, bytearray, tuple, list, dict, set, frozenset)

# What a class has in its dictionary that belongs to the old process.
_OF_THE_PROCESS = ("__dict__", "__weakref__", "_abc_impl", "__classcell__")
# What a class must have when it is made.
_AT_BIRTH = ("__module__", "__doc__", "__slots__", "__orig_bases__")


class Unsaved(Exception):
    """Cannot be saved or brought back; the message is for the user."""


def prepare(variables, texts):
    """Says what is to be written or read: the namespace of cells, and their sources by name."""
    global namespace, sources
    namespace, sources = variables, texts
    typing = sys.modules.get("typing")
    if typing is not None:
        _REDUCERS[typing.TypeVar] = _reduce_type_variable


def reduce(obj):
    """What a pickler's reducer_override answers."""
    kind = type(obj)
    reducer = _REDUCERS.get(kind)
    if reducer is not None:
        return reducer(obj)
    if issubclass(kind, type):
        return _reduce_class(obj)
    if _is_constant(kind, obj):
        return getattr, (sys.modules[kind.__module__], _constants(kind.__module__)[id(obj)])
    return NotImplemented


def is_found(obj):
    """Whether a new process finds a function or a class by its name in a module."""
    name = getattr(obj, "__module__", None)
    module = sys.modules.get(name) if isinstance(name, str) else None
    if module is None or name == "__main__":
        return False
    found = module
    for part in getattr(obj, "__qualname__", "").split("."):
        found = getattr(found, part, None)
    return found is obj


# By module, the names of its attributes by their ids.
_attributes = {}


def _constants(module):
    if module not in _attributes:
        _attributes[module] = {id(v): k for k, v in vars(sys.modules[module]).items()}
    return _attributes[module]


def _is_constant(kind, obj):
    """Whether it stands for itself, like dataclasses.MISSING: an object without a state that its
    module has a name for, and that code compares by identity."""
    module = kind.__module__
    if module == "__main__" or module not in sys.modules or issubclass(kind, _BUILTIN_DATA):
        return False
    if kind.__reduce_ex__ is not object.__reduce_ex__ or kind.__reduce__ is not object.__reduce__:
        return False
    stateless = not getattr(obj, "__dict__", None) and not getattr(kind, "__slots__", ())
    if not stateless and module != "dataclasses":
        return False
    return id(obj) in _constants(module)


# Code


def reference(code):
    """What stands for code: its place in the source of its cell, or itself."""
    if code.co_filename in sources:
        place = _places(code.co_filename).get(code)
        if place is not None:
            used.add(code.co_filename)
            return "source", code.co_filename, place
    return "code", _MAGIC, marshal.dumps(code)


def _resolve(reference):
    if reference[0] == "code":
        _, magic, text = reference
        if magic != _MAGIC:
            raise Unsaved("it was made by another Python, and not from the source of a cell")
        return marshal.loads(text)
    _, name, place = reference
    for code, other in _places(name).items():
        if other == place:
            return code
    raise Unsaved("it is not found in the source of %s by this Python" % name)


@functools.lru_cache(None)
def _places(name):
    """The code objects of a cell, each with its place."""
    # As caisson_cell compiles cells.
    top = compile(sources[name].encode(), name, "exec", 0x2000, dont_inherit=True)
    found = {}

    def visit(code, place):
        counts = {}
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                step = constant.co_name, constant.co_firstlineno
                counts[step] = counts.get(step, 0) + 1
                found.setdefault(constant, place + (step + (counts[step],),))
                visit(constant, place + (step + (counts[step],),))

    visit(top, ())
    return found


# Functions

_FUNCTION_PARTS = (
    "__name__", "__qualname__", "__module__", "__doc__", "__defaults__", "__kwdefaults__",
    "__annotations__", "__type_params__",
)


def _reduce_function(function):
    if is_found(function):
        return NotImplemented
    state = {name: getattr(function, name) for name in _FUNCTION_PARTS if hasattr(function, name)}
    state["__dict__"] = dict(function.__dict__)
    arguments = (
        reference(function.__code__), _home(function.__globals__), function.__closure__,
    )
    return make_function, arguments, state, None, None, fill_function


def _home(variables):
    """The namespace of a function: that of a module by name, another one as it is."""
    module = sys.modules.get(variables.get("__name__"))
    if isinstance(module, types.ModuleType) and vars(module) is variables:
        return variables if variables is namespace else module
    return variables


def make_function(reference, home, closure):
    variables = vars(home) if isinstance(home, types.ModuleType) else home
    return types.FunctionType(_resolve(reference), variables, None, None, closure)


def fill_function(function, state):
    function.__dict__.update(state.pop("__dict__"))
    for name, value in state.items():
        setattr(function, name, value)


def _reduce_cell(cell):
    try:
        state = (cell.cell_contents,)
    except ValueError:
        return types.CellType, ()
    return types.CellType, (), state, None, None, fill_cell


def fill_cell(cell, state):
    (cell.cell_contents,) = state


def _reduce_cached(function):
    if is_found(function):
        return NotImplemented
    state = {k: v for k, v in function.__dict__.items() if k != "__wrapped__"}
    return make_cached, (function.cache_parameters(), function.__wrapped__), state


def make_cached(parameters, function):
    """A cached function starts with an empty cache."""
    return functools.lru_cache(**parameters)(function)


def _reduce_cached_property(prop):
    return functools.cached_property, (prop.func,), {"attrname": prop.attrname}


def _reduce_bound(method):
    """One that a module shows as its own function, such as random.random, is the module's in the
    new process as well; it does not bring the generator behind it along."""
    owner = method.__self__
    if isinstance(owner, types.ModuleType):
        return NotImplemented
    module = sys.modules.get(type(owner).__module__)
    if module is not None and vars(module).get(getattr(method, "__name__", None)) is method:
        return getattr, (module, method.__name__)
    return NotImplemented


# Classes


def _reduce_class(cls):
    if cls.__module__ == "builtins" or is_found(cls):
        return _reduce_builtin(cls) if cls.__module__ == "builtins" else NotImplemented
    enum = sys.modules.get("enum")
    if enum is not None and issubclass(cls, enum.Enum):
        return _reduce_enum(cls)
    state = {
        name: value
        for name, value in vars(cls).items()
        if name not in _OF_THE_PROCESS
        and not isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType))
    }
    birth = {name: state.pop(name) for name in _AT_BIRTH if name in state}
    birth["__qualname__"] = cls.__qualname__
    arguments = type(cls), cls.__name__, cls.__bases__, birth
    return make_class, arguments, state, None, None, fill_class


def _reduce_builtin(cls):
    """NoneType and its like have no name in builtins, some have one in types."""
    name = _constants("types").get(id(cls))
    return NotImplemented if name is None else (getattr, (types, name))


def make_class(meta, name, bases, birth):
    """A class without its contents. Hooks of its bases do not run: they ran when it was made."""
    abc = sys.modules.get("abc")
    new = abc.ABCMeta.__new__ if abc is not None and issubclass(meta, abc.ABCMeta) else type.__new__
    first = bases[0] if bases and bases[0].__module__ == "__main__" else None
    if first is None:
        return new(meta, name, bases, birth)
    hook = vars(first).get("__init_subclass__")
    type.__setattr__(first, "__init_subclass__", classmethod(lambda cls, **_: None))
    try:
        return new(meta, name, bases, birth)
    finally:
        if hook is None:
            type.__delattr__(first, "__init_subclass__")
        else:
            type.__setattr__(first, "__init_subclass__", hook)


def fill_class(cls, state):
    for name, value in state.items():
        type.__setattr__(cls, name, value)


_ENUM_OWN = ("_missing_", "_boundary_")
_ENUM_MADE = ("__new__", "__module__", "__dict__", "__weakref__")
_MEMBER_MADE = ("_value_", "_name_", "__objclass__", "_sort_order_")


def _reduce_enum(cls):
    members = {name: member.value for name, member in cls.__members__.items()}
    state = {
        name: value
        for name, value in vars(cls).items()
        if name not in members and name not in _ENUM_MADE
        and (name in _ENUM_OWN or name[:2] == "__" or not name[:1] == "_" == name[-1:])
    }
    parts = {
        name: {k: v for k, v in vars(member).items() if k not in _MEMBER_MADE}
        for name, member in cls.__members__.items()
    }
    birth = {"__module__": cls.__module__, "__qualname__": cls.__qualname__}
    arguments = type(cls), cls.__name__, cls.__bases__, birth, members
    return make_enum, arguments, (state, parts), None, None, fill_enum


def make_enum(meta, name, bases, birth, members):
    def body(variables):
        variables.update(birth)
        for member, value in members.items():
            variables[member] = value

    return types.new_class(name, bases, {"metaclass": meta}, body)


def fill_enum(cls, state):
    attributes, parts = state
    fill_class(cls, attributes)
    for name, part in parts.items():
        vars(cls.__members__[name]).update(part)


def _reduce_type_variable(variable):
    arguments = (variable.__name__, variable.__constraints__, variable.__bound__,
                 variable.__covariant__, variable.__contravariant__)
    return make_type_variable, arguments


def make_type_variable(name, constraints, bound, covariant, contravariant):
    import typing

    return typing.TypeVar(
        name, *constraints, bound=bound, covariant=covariant, contravariant=contravariant
    )


# Modules


def _reduce_module(module):
    name = module.__name__
    if name == "__main__":
        return make_main, ()
    if sys.modules.get(name) is not module:
        raise Unsaved("a module that no import gives")
    inner = tuple(
        other for other in sys.modules if other.startswith(name + ".") and "._" not in other
    )
    return load_module, (name, inner)


def make_main():
    return sys.modules["__main__"]


def load_module(name, inner):
    """Imports it again, and those of its modules that were imported by their own names."""
    __import__(name)
    for other in inner:
        parent = sys.modules.get(other.rpartition(".")[0])
        if other not in sys.modules and not hasattr(parent, "__getattr__"):
            __import__(other)
    return sys.modules[name]


_REDUCERS = {
    types.FunctionType: _reduce_function,
    types.CellType: _reduce_cell,
    types.CodeType: lambda code: (_resolve, (reference(code),)),
    types.MethodType: _reduce_bound,
    types.BuiltinFunctionType: _reduce_bound,
    types.ModuleType: _reduce_module,
    types.MappingProxyType: lambda view: (types.MappingProxyType, tuple(gc.get_referents(view))),
    staticmethod: lambda method: (staticmethod, (method.__func__,)),
    classmethod: lambda method: (classmethod, (method.__func__,)),
    property: lambda prop: (property, (prop.fget, prop.fset, prop.fdel, prop.__doc__)),
    type(functools.lru_cache(lambda: None)): _reduce_cached,
    functools.cached_property: _reduce_cached_property,
}


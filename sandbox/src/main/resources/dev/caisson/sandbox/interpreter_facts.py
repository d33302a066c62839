"""Prints, as JSON, what an image layer for this interpreter depends on."""
import json
import os
import site
import sys
import sysconfig

print(
    json.dumps(
        {
            "version": "%d.%d.%d" % sys.version_info[:3],
            "abi": sysconfig.get_config_var("SOABI") or sys.implementation.cache_tag,
            "executable": os.path.realpath(sys.executable),
            "sites": site.getsitepackages(),
        }
    )
)

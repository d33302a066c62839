"""Tables that one stage hands to the next.

Parquet keeps the types of the columns and is small. An image without pyarrow has no Parquet; then
the tables are CSV, and columns of dates get their type back when they are read.
"""
import importlib.util
import os
from pathlib import Path

import pandas as pd


def write(table, name):
    """Writes the stage's output `name`, declared as `something.*`, with the suffix of its format."""
    place = Path(os.environ["OUT_" + name.upper()])
    if importlib.util.find_spec("pyarrow"):
        table.to_parquet(place.with_suffix(".parquet"), index=False)
    else:
        print("pyarrow is not in this image: intermediates are CSV")
        table.to_csv(place.with_suffix(".csv"), index=False)


def read(name, dates):
    """Reads the stage's input `name`; `dates` are its columns of dates."""
    place = Path(os.environ["IN_" + name.upper()])
    if place.suffix == ".parquet":
        return pd.read_parquet(place)
    # Only what is empty is missing: "None" is a word in this data, "no damage".
    return pd.read_csv(place, parse_dates=dates, keep_default_na=False, na_values=[""])

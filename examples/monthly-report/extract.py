"""Reads the raw CSV: short names for its columns, and types."""
import os

import pandas as pd

import tables

COLUMNS = {
    "Airport Name": "airport",
    "Aircraft Make Model": "aircraft",
    "Effect Amount of damage": "damage",
    "Flight Date": "date",
    "Aircraft Airline Operator": "operator",
    "Origin State": "state",
    "Phase of flight": "phase",
    "Wildlife Size": "size",
    "Wildlife Species": "species",
    "Time of day": "time_of_day",
    "Cost Other": "other_cost_usd",
    "Cost Repair": "repair_cost_usd",
    "Cost Total $": "cost_usd",
    "Speed IAS in knots": "speed_knots",
}

# Only what is empty is missing: "None" is a word in this data, "no damage".
raw = pd.read_csv(os.environ["IN_RAW"], keep_default_na=False, na_values=[""])
strikes = raw.rename(columns=COLUMNS)[list(COLUMNS.values())]
strikes["date"] = pd.to_datetime(strikes["date"], format="%Y-%m-%d")

tables.write(strikes, "strikes")
first, last = strikes["date"].min(), strikes["date"].max()
print(f"{len(strikes):,} strikes from {first:%Y-%m-%d} to {last:%Y-%m-%d}")

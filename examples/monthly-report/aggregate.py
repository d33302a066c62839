"""Counts by month: strikes by the animal's size, those that did damage, and what they cost."""
import os

import pandas as pd

import tables

SIZES = ["Small", "Medium", "Large"]

strikes = tables.read("strikes", dates=["date"])
strikes["month"] = strikes["date"].dt.to_period("M")
by_month = strikes.groupby("month")

monthly = pd.DataFrame({"strikes": by_month.size()})
for size in SIZES:
    monthly[size.lower()] = strikes[strikes["size"] == size].groupby("month").size()
monthly["damaging"] = strikes[strikes["damage"] != "None"].groupby("month").size()
monthly["cost_usd"] = by_month["cost_usd"].sum()

# A month without a strike is a month with none, not a gap in the line.
every_month = pd.period_range(monthly.index.min(), monthly.index.max(), freq="M", name="month")
monthly = monthly.reindex(every_month).fillna(0).astype("int64").reset_index()
monthly["month"] = monthly["month"].dt.to_timestamp()

tables.write(monthly, "monthly")
monthly.to_csv(os.environ["OUT_SUMMARY"], index=False, date_format="%Y-%m")
print(f"{len(monthly)} months, {monthly['strikes'].sum():,} strikes, ${monthly['cost_usd'].sum():,}")

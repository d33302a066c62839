"""Draws the report: strikes over the years, and the shape of an average year."""
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

import tables

COLORS = {"small": "#9ecae1", "medium": "#4292c6", "large": "#08519c"}
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

monthly = tables.read("monthly", dates=["month"])

plt.rcParams.update({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False})
figure, (years, season) = plt.subplots(2, 1, figsize=(10, 8), constrained_layout=True)
first, last = monthly["month"].min(), monthly["month"].max()
figure.suptitle(
    f"Wildlife strikes on aircraft reported to the FAA, {first:%B %Y} to {last:%B %Y}",
    fontsize=15,
    fontweight="bold",
)

years.stackplot(
    monthly["month"],
    *[monthly[size] for size in COLORS],
    labels=[f"{size} animals" for size in COLORS],
    colors=list(COLORS.values()),
)
years.plot(
    monthly["month"],
    monthly["strikes"].rolling(12, center=True).mean(),
    color="black",
    linewidth=2,
    label="mean of 12 months",
)
years.set_title(f"{monthly['strikes'].sum():,} reported strikes", loc="left")
years.set_ylabel("strikes per month")
years.set_xlim(first, last)
years.set_ylim(bottom=0)
years.legend(loc="upper left", frameon=False, ncol=2)

# Only whole years, so that each month of the calendar is counted equally often.
whole = monthly.groupby(monthly["month"].dt.year).filter(lambda year: len(year) == 12)
average = whole.groupby(whole["month"].dt.month)[list(COLORS) + ["strikes", "damaging"]].mean()
bottom = 0
for size, color in COLORS.items():
    season.bar(MONTHS, average[size], bottom=bottom, color=color, label=f"{size} animals")
    bottom = bottom + average[size]
for place, (_, month) in enumerate(average.iterrows()):
    share = month["damaging"] / month["strikes"]
    season.annotate(
        f"{share:.0%}", (place, month["strikes"]), ha="center", va="bottom", fontsize=10
    )
season.set_title("An average year; above each bar, the share of strikes that did damage", loc="left")
season.set_ylabel("strikes per month")
season.margins(x=0.01)

figure.savefig(os.environ["OUT_REPORT"], dpi=150)
print(f"drawn from {len(monthly)} months")

"""Drops what would be counted wrongly: reports that came in twice and damage of unknown meaning."""
import tables

DAMAGE = ["None", "Minor", "Medium", "Substantial"]

strikes = tables.read("strikes", dates=["date"])
once = strikes.drop_duplicates()
known = once[once["damage"].isin(DAMAGE)]

tables.write(known, "strikes")
print(
    f"{len(known):,} of {len(strikes):,} strikes kept: "
    f"{len(strikes) - len(once)} were there twice, "
    f"{len(once) - len(known)} have a damage code of unknown meaning"
)

package dev.caisson.sandbox;

/**
 * A tool that a cell calls.
 *
 * @param number of the call in its cell, from 0
 * @param name one of the program's functions
 * @param input as the code wrote it, up to 1 MiB: meant to be JSON
 */
public record CellCall(int number, String name, String input) {}

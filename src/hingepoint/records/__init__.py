"""The facts that cross a border: enums and frozen dataclasses that every layer may hold.

Nothing here imports Django or another part of Hingepoint, so that files, analysis, tables and
pages speak of the same things in the same words (see GLOSSARY.md).
"""

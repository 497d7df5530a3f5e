"""The read side: what screens, tables and exports show. Nothing here writes."""

"""What a pair is: taxonomy, criteria, suites, the procedural world and its verifiers, the built-in suites."""

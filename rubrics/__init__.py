"""What a pair is: taxonomy, criteria, suites, two procedural worlds and their verifiers, the built-in suites."""

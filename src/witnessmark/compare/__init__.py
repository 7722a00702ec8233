"""Other people's detection rules, run over a bag's own records and put beside AN0994."""

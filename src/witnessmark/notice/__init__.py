"""The SOC notice: announced and signed before a run, held against its plan, checked by the SOC."""

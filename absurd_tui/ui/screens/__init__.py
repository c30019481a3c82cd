"""The screens: each puts widgets together and turns keys into messages; none knows another."""

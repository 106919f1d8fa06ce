# The frame of the program, and the rules of the house.
cm_add_test(NAME unit.cli.frame SOURCES unit/test_cli_frame.c ../engine/cli/cli.c LIBS cm_base LABELS unit)
cm_add_script_test(NAME cli.frame SCRIPT cli/frame.sh LABELS cli)
cm_add_script_test(NAME cli.doctor SCRIPT cli/doctor.sh LABELS cli)
cm_add_script_test(NAME cli.house.symbols SCRIPT cli/house_symbols.sh LABELS cli)
cm_add_script_test(NAME cli.house.arrows SCRIPT cli/house_arrows.sh LABELS cli)
cm_add_script_test(NAME cli.house.links SCRIPT cli/house_links.sh LABELS cli)
cm_add_script_test(NAME cli.house.math SCRIPT cli/house_math.sh LABELS cli)

# The base part: errors, threads, random numbers, hashes, files, CSV, XML, log.
foreach(thing IN ITEMS status threads random sha256 files csv xml log float_mode spill)
    cm_add_test(NAME unit.base.${thing} SOURCES unit/test_base_${thing}.c LIBS cm_base PkgConfig::JANSSON LABELS unit)
endforeach()
cm_add_test(NAME property.base.csv SOURCES property/test_base_csv.c LIBS cm_base LABELS property)
cm_add_test(NAME property.base.xml SOURCES property/test_base_xml.c LIBS cm_base LABELS property)
cm_add_test(NAME property.base.elementary SOURCES property/test_base_elementary.c LIBS cm_base LABELS property)

/* See compared_internal.h. */
#include "engine/report/compared_internal.h"

#include <stdlib.h>

#include "engine/base/xml.h"

bool cm_compared_of(xmlNodePtr cell, cm_compared *out)
{
    xmlNodePtr distance = cm_xml_child(cell, "distance"), summary = cm_xml_child(cell, "summary"),
               value = cm_xml_child(cell, "value");
    char text[64];
    if (distance)
        *out = (cm_compared){.value = cm_xml_double(distance, "value", 0),
                             .node = (xmlNodePtr)xmlHasProp(distance, BAD_CAST "value"),
                             .is_distance = true,
                             .spread = value ? NULL : distance,
                             .interval = cm_xml_child(distance, "interval")};
    else if (summary)
        *out = (cm_compared){.value = cm_xml_double(summary, "mean", 0),
                             .node = (xmlNodePtr)xmlHasProp(summary, BAD_CAST "mean"),
                             .spread = summary,
                             .interval = cm_xml_child(cell, "interval")};
    else if (value && cm_xml_text(value, text, sizeof text))
        *out = (cm_compared){
            .value = strtod(text, NULL), .node = value, .interval = cm_xml_child(cell, "interval")};
    else
        return false;
    return true;
}

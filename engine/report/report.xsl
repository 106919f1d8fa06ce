<?xml version="1.0"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"><xsl:output method="html"/><xsl:template match="/"><html/></xsl:template></xsl:stylesheet>

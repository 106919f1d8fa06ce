<?xml version="1.0" encoding="UTF-8"?>
<!-- Results per provider and subgroup: forest plots, tables, how much the groups differ, the order without one of them.
     A part of report.xsl. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:cohmark:report:1"
                xmlns:cm="urn:cohmark:xslt:1" exclude-result-prefixes="r cm">
  <!-- results of groups by attribute; those of providers are with the whole's -->
  <xsl:key name="of-attribute" match="r:attribute/r:result" use="concat(../@name, '|', @target, '|', @metric)"/>
  <xsl:variable name="subgroups" select="$results/r:subgroups"/>
  <xsl:variable name="main-cells" select="$results/r:aggregates/r:result[@target = $main-target and @metric = $ranking/@metric]"/>

  <xsl:template name="groups">
    <section id="groups">
      <h2>By provider and subgroup</h2>
      <p>
        <xsl:text>Does every tool work everywhere? </xsl:text><b><xsl:value-of select="$ranking/@metric"/></b>, <xsl:call-template name="target-name"><xsl:with-param name="of" select="$main-target"/></xsl:call-template>
        <xsl:text>, for the cases of each group; plots side by side have one axis. Square: the group</xsl:text><xsl:if test="$main-cells/r:of-provider/@n">, larger for more cases</xsl:if><xsl:text>; line: its </xsl:text>
        <xsl:value-of select="$percent"/><xsl:text> % interval; diamond and dashed line: all cases.</xsl:text>
        <xsl:if test="$public"> Groups of fewer than <xsl:value-of select="$bench/r:privacy/@minimum-cell"/> cases, and those that would give them away, are not published.</xsl:if>
      </p>
      <h3>Provider</h3>
      <xsl:choose>
        <xsl:when test="count($filled) = 0"><p>The cohort names no provider with cases.</p></xsl:when>
        <xsl:when test="count($filled) = 1"><p>All cases come from <xsl:value-of select="$filled/@name"/>: its results are those above.</p></xsl:when>
        <xsl:otherwise>
          <xsl:call-template name="forests">
            <xsl:with-param name="cells" select="$main-cells/r:of-provider"/>
            <xsl:with-param name="of">provider</xsl:with-param>
          </xsl:call-template>
          <xsl:call-template name="every-metric"><xsl:with-param name="name">provider</xsl:with-param></xsl:call-template>
          <xsl:call-template name="heterogeneity"><xsl:with-param name="of" select="$subgroups/r:attribute[@kind = 'provider']/r:heterogeneity"/></xsl:call-template>
          <xsl:call-template name="interactions"><xsl:with-param name="of" select="$subgroups/r:attribute[@kind = 'provider']/r:interaction"/><xsl:with-param name="groups" select="$subgroups/r:attribute[@kind = 'provider']/r:group"/></xsl:call-template>
          <xsl:call-template name="without"><xsl:with-param name="of" select="$comparison/r:without"/></xsl:call-template>
        </xsl:otherwise>
      </xsl:choose>
      <xsl:for-each select="$subgroups/r:attribute[@kind = 'attribute' and @grouped = 'true']">
        <h3><xsl:value-of select="translate(@name, '_', ' ')"/><xsl:text> </xsl:text><small>
          <xsl:text>an attribute of the cohort</xsl:text>
          <xsl:if test="@parts">, in <xsl:value-of select="@parts"/> parts of about equal size</xsl:if>
          <xsl:if test="@cuts">, cut at <xsl:value-of select="@cuts"/></xsl:if>
        </small></h3>
        <xsl:call-template name="forests">
          <xsl:with-param name="cells" select="r:result[@target = $main-target and @metric = $ranking/@metric]/r:of-group"/>
          <xsl:with-param name="of" select="translate(@name, '_', ' ')"/>
        </xsl:call-template>
        <xsl:call-template name="every-metric"><xsl:with-param name="attribute" select="@name"/><xsl:with-param name="name" select="translate(@name, '_', ' ')"/></xsl:call-template>
        <xsl:call-template name="heterogeneity"><xsl:with-param name="of" select="r:heterogeneity"/></xsl:call-template>
        <xsl:call-template name="interactions"><xsl:with-param name="of" select="r:interaction"/><xsl:with-param name="groups" select="r:group"/></xsl:call-template>
        <xsl:call-template name="without"><xsl:with-param name="of" select="r:without"/></xsl:call-template>
      </xsl:for-each>
      <xsl:if test="$subgroups/r:attribute[@grouped = 'false']">
        <p class="legend">
          <xsl:text>Not used to make groups (too many different values): </xsl:text>
          <xsl:for-each select="$subgroups/r:attribute[@grouped = 'false']"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:value-of select="@name"/></xsl:for-each>.
        </p>
      </xsl:if>
    </section>
  </xsl:template>

  <!-- ============================== forest plots ============================== -->
  <!-- cells: of-provider or of-group elements of all tools; of: what they are groups of -->
  <xsl:template name="forests">
    <xsl:param name="cells"/><xsl:param name="of"/>
    <xsl:variable name="drawn" select="$main-cells[cm:compared(r:of-all)]"/>
    <xsl:variable name="first" select="$drawn[key('standing', @tool)/@place &lt;= 9]"/>
    <xsl:variable name="others" select="$drawn[key('standing', @tool)/@place &gt; 9]"/>
    <xsl:call-template name="forest-block"><xsl:with-param name="of-tools" select="$first"/><xsl:with-param name="cells" select="$cells"/><xsl:with-param name="of" select="$of"/></xsl:call-template>
    <xsl:if test="$others">
      <details>
        <summary>The other tools by <xsl:value-of select="$of"/> (<xsl:value-of select="count($others)"/>)</summary>
        <xsl:call-template name="forest-block"><xsl:with-param name="of-tools" select="$others"/><xsl:with-param name="cells" select="$cells"/><xsl:with-param name="of" select="$of"/></xsl:call-template>
      </details>
    </xsl:if>
  </xsl:template>

  <!-- plots side by side have one axis, so that they can be compared; the weakest tools do not stretch that of the best -->
  <xsl:template name="forest-block">
    <xsl:param name="of-tools"/><xsl:param name="cells"/><xsl:param name="of"/>
    <div class="plots">
      <xsl:for-each select="$of-tools">
        <xsl:sort select="key('standing', @tool)/@place" data-type="number"/>
        <xsl:call-template name="forest-figure"><xsl:with-param name="cells" select="$cells[../@tool = $of-tools/@tool]"/><xsl:with-param name="of" select="$of"/></xsl:call-template>
      </xsl:for-each>
    </div>
  </xsl:template>

  <!-- context: the result of a tool -->
  <xsl:template name="forest-figure">
    <xsl:param name="cells"/><xsl:param name="of"/>
    <figure class="plot">
      <figcaption>
        <b><xsl:call-template name="tool-name"><xsl:with-param name="key" select="@tool"/></xsl:call-template></b>
        <small><xsl:value-of select="@metric"/>, <xsl:if test="$ranking-unit != '1' and $ranking-unit != ''"><xsl:value-of select="$ranking-unit"/>, </xsl:if><xsl:call-template name="direction"><xsl:with-param name="metric" select="key('metric', @metric)"/></xsl:call-template></small>
      </figcaption>
      <xsl:call-template name="forest">
        <xsl:with-param name="rows" select="$cells[../@tool = current()/@tool]"/><xsl:with-param name="of" select="$of"/><xsl:with-param name="cells" select="$cells"/>
      </xsl:call-template>
    </figure>
  </xsl:template>

  <!-- context: the result of a tool -->
  <xsl:template name="forest">
    <xsl:param name="rows"/><xsl:param name="of"/><xsl:param name="cells"/>
    <xsl:variable name="largest"><xsl:call-template name="greatest"><xsl:with-param name="of" select="$cells/@n"/></xsl:call-template></xsl:variable>
    <xsl:variable name="shown" select="$cells | $main-cells[@tool = $cells/../@tool]/r:of-all"/>
    <xsl:variable name="intervals" select="cm:compared-interval($shown)"/>
    <xsl:variable name="ends" select="$intervals/@low | $intervals/@high | cm:compared($shown)"/>
    <xsl:variable name="axis-tree"><xsl:call-template name="axis"><xsl:with-param name="ends" select="$ends"/></xsl:call-template></xsl:variable>
    <xsl:variable name="axis" select="cm:nodes($axis-tree)/axis"/>
    <xsl:variable name="low" select="number($axis/@low)"/>
    <xsl:variable name="high" select="number($axis/@high)"/>
    <xsl:variable name="step" select="number($axis/@step)"/>
    <xsl:variable name="scale" select="86 div ($high - $low)"/>
    <xsl:variable name="bottom" select="(count($rows) + 1) * 36 + 6"/>
    <xsl:variable name="all" select="r:of-all"/>
    <xsl:variable name="mean" select="cm:compared($all)"/>
    <xsl:variable name="whole" select="cm:compared-interval($all)"/>
    <xsl:variable name="colour"><xsl:call-template name="colour"><xsl:with-param name="tool" select="@tool"/></xsl:call-template></xsl:variable>
    <svg class="{$colour}" width="100%" height="{$bottom + 24}" role="img">
      <xsl:call-template name="describe">
        <xsl:with-param name="title">Forest plot of <xsl:value-of select="@tool"/> by <xsl:value-of select="$of"/></xsl:with-param>
        <xsl:with-param name="text">A square with interval for every group; the numbers are in the tables below.</xsl:with-param>
      </xsl:call-template>
      <xsl:call-template name="ticks">
        <xsl:with-param name="value" select="$low"/><xsl:with-param name="low" select="$low"/><xsl:with-param name="high" select="$high"/>
        <xsl:with-param name="step" select="$step"/><xsl:with-param name="bottom" select="$bottom"/>
      </xsl:call-template>
      <line class="cut" x1="{7 + $scale * ($mean - $low)}%" x2="{7 + $scale * ($mean - $low)}%" y1="18" y2="{$bottom}"/>
      <text class="label" x="0" y="13">All cases</text>
      <xsl:for-each select="$all"><xsl:call-template name="row-value"><xsl:with-param name="y" select="0"/><xsl:with-param name="unit" select="$ranking-unit"/></xsl:call-template></xsl:for-each>
      <xsl:choose>
        <xsl:when test="$whole">
          <svg x="{7 + $scale * ($whole/@low - $low)}%" y="18" width="{$scale * ($whole/@high - $whole/@low)}%" height="14"
               viewBox="0 0 1000 14" preserveAspectRatio="none" overflow="visible">
            <path class="diamond" d="M0 7L{1000 * ($mean - $whole/@low) div ($whole/@high - $whole/@low + ($whole/@high = $whole/@low))} 0L1000 7L{1000 * ($mean - $whole/@low) div ($whole/@high - $whole/@low + ($whole/@high = $whole/@low))} 14Z"/>
          </svg>
        </xsl:when>
        <xsl:otherwise><svg x="{7 + $scale * ($mean - $low)}%" y="25" overflow="visible"><path class="diamond" d="M-7 0L0-7L7 0L0 7Z"/></svg></xsl:otherwise>
      </xsl:choose>
      <xsl:for-each select="$rows">
        <xsl:variable name="y" select="36 * position()"/>
        <xsl:variable name="value" select="cm:compared(.)"/>
        <xsl:variable name="interval" select="cm:compared-interval(.)"/>
        <text class="label" x="0" y="{$y + 13}"><xsl:call-template name="short"><xsl:with-param name="of"><xsl:call-template name="group-name"/></xsl:with-param></xsl:call-template></text>
        <xsl:call-template name="row-value"><xsl:with-param name="y" select="$y"/><xsl:with-param name="unit" select="$ranking-unit"/></xsl:call-template>
        <xsl:if test="$interval">
          <line class="reach thin" x1="{7 + $scale * ($interval/@low - $low)}%" x2="{7 + $scale * ($interval/@high - $low)}%" y1="{$y + 25}" y2="{$y + 25}"/>
        </xsl:if>
        <xsl:if test="$value">
          <!-- a public report does not tell how many cases a group has -->
          <xsl:variable name="share"><xsl:choose><xsl:when test="@n"><xsl:value-of select="@n div $largest"/></xsl:when><xsl:otherwise>0.5</xsl:otherwise></xsl:choose></xsl:variable>
          <xsl:variable name="half" select="format-number(2.5 + 4 * cm:root(number($share)), '0.0', 'plain')"/>
          <svg x="{7 + $scale * ($value - $low)}%" y="{$y + 25}" overflow="visible"><rect class="dot" x="-{$half}" y="-{$half}" width="{2 * $half}" height="{2 * $half}"/></svg>
        </xsl:if>
      </xsl:for-each>
    </svg>
  </xsl:template>

  <!-- context: of-provider, of-group or without -->
  <xsl:template name="group-name">
    <xsl:choose>
      <xsl:when test="@provider"><xsl:value-of select="@provider"/></xsl:when>
      <xsl:when test="@value = ''">not told</xsl:when>
      <xsl:otherwise><xsl:value-of select="@value"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- ============================== every metric and target ============================== -->
  <!-- attribute: its name, nothing for providers; name: as people read it. Of every target the forest plots of all metrics,
       in which the tools of a group stand together, and their table. -->
  <xsl:template name="every-metric">
    <xsl:param name="attribute"/><xsl:param name="name"/>
    <xsl:for-each select="$spread-targets">
      <xsl:sort select="number(@target = $main-target)" data-type="number" order="descending"/>
      <xsl:variable name="target" select="@target"/>
      <details>
        <xsl:if test="position() = 1"><xsl:attribute name="open">open</xsl:attribute></xsl:if>
        <summary>All metrics by <xsl:value-of select="$name"/>: <xsl:call-template name="target-name"><xsl:with-param name="of" select="$target"/></xsl:call-template></summary>
        <xsl:if test="position() = 1 and $results/r:aggregates/r:result/r:of-all[r:summary or r:value]">
          <p class="legend">The tools of a group stand one below the other, in the order of the ranking<xsl:if test="count($drawn-tools) &lt; count($results/r:tools/r:tool)">, the first <xsl:value-of select="count($drawn-tools)"/> of them</xsl:if>. Dot: the group’s <xsl:choose><xsl:when test="$classification">value</xsl:when><xsl:otherwise>mean</xsl:otherwise></xsl:choose>; line: its <xsl:value-of select="$percent"/> % interval.</p>
          <ul class="key across">
            <xsl:for-each select="$drawn-tools">
              <xsl:sort select="key('standing', @key)/@place" data-type="number"/><xsl:sort select="@order" data-type="number"/>
              <li><xsl:call-template name="tool-name"><xsl:with-param name="key" select="@key"/></xsl:call-template></li>
            </xsl:for-each>
          </ul>
        </xsl:if>
        <div class="plots">
          <xsl:for-each select="$results/r:metrics/r:metric">
            <xsl:call-template name="panel"><xsl:with-param name="attribute" select="$attribute"/><xsl:with-param name="name" select="$name"/><xsl:with-param name="target" select="$target"/></xsl:call-template>
          </xsl:for-each>
        </div>
        <xsl:call-template name="group-table"><xsl:with-param name="attribute" select="$attribute"/><xsl:with-param name="name" select="$name"/><xsl:with-param name="target" select="$target"/></xsl:call-template>
      </details>
    </xsl:for-each>
  </xsl:template>

  <!-- tools of the panels: more lines in a group than these would be a thicket -->
  <xsl:variable name="drawn-tools" select="$results/r:tools/r:tool[not(key('standing', @key)/@place &gt; 12)]"/>
  <xsl:variable name="panel-row" select="10"/>

  <!-- context: a metric. Per tool one path for the intervals of all groups and one for the dots: there are very many. -->
  <xsl:template name="panel">
    <xsl:param name="attribute"/><xsl:param name="name"/><xsl:param name="target"/>
    <xsl:variable name="metric" select="."/>
    <xsl:variable name="whole" select="key('result', concat($target, '|', @id))[@tool = $drawn-tools/@key]"/>
    <xsl:variable name="result" select="$whole[$attribute = ''] | key('of-attribute', concat($attribute, '|', $target, '|', @id))[$attribute != '' and @tool = $drawn-tools/@key]"/>
    <xsl:variable name="cells" select="$whole/r:of-all | $result/r:of-provider | $result/r:of-group"/>
    <xsl:variable name="intervals" select="cm:compared-interval($cells)"/>
    <xsl:variable name="ends" select="$intervals/@low | $intervals/@high | cm:compared($cells)"/>
    <xsl:if test="$ends">
      <xsl:variable name="axis-tree"><xsl:call-template name="axis"><xsl:with-param name="ends" select="$ends"/></xsl:call-template></xsl:variable>
      <xsl:variable name="axis" select="cm:nodes($axis-tree)/axis"/>
      <xsl:variable name="groups" select="$result[1]/r:of-provider | $result[1]/r:of-group"/>
      <xsl:variable name="block" select="26 + $panel-row * count($drawn-tools)"/>
      <xsl:variable name="bottom" select="$block * (1 + count($groups)) + 2"/>
      <figure class="plot">
        <xsl:call-template name="plot-head"><xsl:with-param name="title" select="@id"/><xsl:with-param name="metric" select="."/><xsl:with-param name="more"><xsl:call-template name="target-name"><xsl:with-param name="of" select="$target"/></xsl:call-template>, by <xsl:value-of select="$name"/></xsl:with-param></xsl:call-template>
        <svg width="100%" height="{$bottom + 24}" role="img">
          <xsl:call-template name="describe">
            <xsl:with-param name="title">Forest plot of <xsl:value-of select="@id"/>, <xsl:value-of select="$target"/>, by <xsl:value-of select="$name"/></xsl:with-param>
            <xsl:with-param name="text">A dot with interval for every tool in every group; the numbers are in the table below the plots.</xsl:with-param>
          </xsl:call-template>
          <xsl:call-template name="ticks">
            <xsl:with-param name="value" select="number($axis/@low)"/><xsl:with-param name="low" select="number($axis/@low)"/><xsl:with-param name="high" select="number($axis/@high)"/>
            <xsl:with-param name="step" select="number($axis/@step)"/><xsl:with-param name="bottom" select="$bottom"/>
          </xsl:call-template>
          <text class="label" x="0" y="13">All cases</text>
          <xsl:for-each select="$groups">
            <text class="label" x="0" y="{$block * position() + 13}"><xsl:call-template name="short"><xsl:with-param name="of"><xsl:call-template name="group-name"/></xsl:with-param></xsl:call-template></text>
            <xsl:choose>
              <xsl:when test="@hidden"><text class="value" x="100%" y="{$block * position() + 13}" text-anchor="end"><xsl:call-template name="hidden"/></text></xsl:when>
              <xsl:when test="@cases"><text class="value" x="100%" y="{$block * position() + 13}" text-anchor="end"><tspan class="count"><xsl:value-of select="@cases"/><xsl:choose><xsl:when test="@cases = 1"> case</xsl:when><xsl:otherwise> cases</xsl:otherwise></xsl:choose></tspan></text></xsl:when>
            </xsl:choose>
          </xsl:for-each>
          <svg x="7%" y="0" width="86%" height="{$bottom}" viewBox="0 0 1000 {$bottom}" preserveAspectRatio="none">
            <xsl:for-each select="$drawn-tools">
              <xsl:sort select="key('standing', @key)/@place" data-type="number"/><xsl:sort select="@order" data-type="number"/>
              <xsl:variable name="mine" select="$result[@tool = current()/@key]"/>
              <xsl:call-template name="panel-tool">
                <xsl:with-param name="cells" select="$whole[@tool = current()/@key]/r:of-all | $mine/r:of-provider | $mine/r:of-group"/>
                <xsl:with-param name="first" select="16 + $panel-row * position()"/><xsl:with-param name="block" select="$block"/>
                <xsl:with-param name="low" select="number($axis/@low)"/><xsl:with-param name="scale" select="1000 div ($axis/@high - $axis/@low)"/>
              </xsl:call-template>
            </xsl:for-each>
          </svg>
        </svg>
      </figure>
    </xsl:if>
  </xsl:template>

  <!-- context: a tool; cells: of all cases and of the groups; first: how far down that of all cases lies. One that has none
       keeps its row empty. -->
  <xsl:template name="panel-tool">
    <xsl:param name="cells"/><xsl:param name="first"/><xsl:param name="block"/><xsl:param name="low"/><xsl:param name="scale"/>
    <xsl:variable name="colour"><xsl:call-template name="colour"><xsl:with-param name="tool" select="@key"/></xsl:call-template></xsl:variable>
    <g class="{$colour}">
      <path class="reach thin fixed">
        <xsl:attribute name="d">
          <xsl:for-each select="$cells"><xsl:variable name="interval" select="cm:compared-interval(.)"/><xsl:if test="$interval"><xsl:value-of select="concat('M', format-number($scale * ($interval/@low - $low), '0.#', 'plain'), ' ', $first + $block * (position() - 1), 'H', format-number($scale * ($interval/@high - $low), '0.#', 'plain'))"/></xsl:if></xsl:for-each>
        </xsl:attribute>
      </path>
      <path class="reach dots fixed">
        <xsl:attribute name="d">
          <xsl:for-each select="$cells"><xsl:variable name="value" select="cm:compared(.)"/><xsl:if test="$value"><xsl:value-of select="concat('M', format-number($scale * ($value - $low), '0.#', 'plain'), ' ', $first + $block * (position() - 1), 'h0')"/></xsl:if></xsl:for-each>
        </xsl:attribute>
      </path>
    </g>
  </xsl:template>

  <!-- ============================== tables ============================== -->
  <xsl:template name="group-table">
    <xsl:param name="attribute"/><xsl:param name="name"/><xsl:param name="target"/>
    <xsl:variable name="first" select="key('result', concat($target, '|', $results/r:metrics/r:metric[1]/@id))[$attribute = '']
      | key('of-attribute', concat($attribute, '|', $target, '|', $results/r:metrics/r:metric[1]/@id))[$attribute != '']"/>
    <details>
      <summary>The same in numbers</summary>
      <div class="scroll" tabindex="0" role="group" aria-label="Table">
        <table class="stacked sortable">
          <caption><span>
            <xsl:text>Results by </xsl:text><xsl:value-of select="$name"/><xsl:text>, </xsl:text>
            <xsl:call-template name="target-name"><xsl:with-param name="of" select="$target"/></xsl:call-template>
          </span></caption>
          <thead>
            <tr>
              <th scope="col"><xsl:value-of select="$name"/></th><th scope="col">Tool</th>
              <xsl:for-each select="$results/r:metrics/r:metric"><xsl:call-template name="metric-column"/></xsl:for-each>
            </tr>
          </thead>
          <tbody>
            <!-- the groups are those of the first tool and metric; every other result has the same, in the same order -->
            <xsl:for-each select="$first[1]/r:of-provider | $first[1]/r:of-group">
              <xsl:variable name="group" select="position()"/>
              <xsl:variable name="group-name"><xsl:call-template name="group-name"/></xsl:variable>
              <xsl:for-each select="$results/r:tools/r:tool">
                <xsl:sort select="key('standing', @key)/@place" data-type="number"/>
                <xsl:variable name="tool" select="@key"/>
                <tr>
                  <td><xsl:value-of select="$group-name"/></td>
                  <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="$tool"/></xsl:call-template></th>
                  <xsl:for-each select="$results/r:metrics/r:metric">
                    <xsl:variable name="result" select="key('result', concat($target, '|', @id))[$attribute = '' and @tool = $tool]
                      | key('of-attribute', concat($attribute, '|', $target, '|', @id))[$attribute != '' and @tool = $tool]"/>
                    <xsl:call-template name="cell">
                      <xsl:with-param name="of" select="($result/r:of-provider | $result/r:of-group)[position() = $group]"/>
                      <xsl:with-param name="metric" select="."/>
                    </xsl:call-template>
                  </xsl:for-each>
                </tr>
              </xsl:for-each>
            </xsl:for-each>
          </tbody>
        </table>
      </div>
    </details>
  </xsl:template>

  <xsl:template name="heterogeneity">
    <xsl:param name="of"/>
    <xsl:variable name="main" select="$of[@target = $main-target and @metric = $ranking/@metric]"/>
    <xsl:if test="$main">
      <div class="scroll" tabindex="0" role="group" aria-label="Table">
        <table class="sortable">
          <caption><span>Whether a tool’s <xsl:value-of select="$ranking/@metric"/> (<xsl:call-template name="target-name"><xsl:with-param name="of" select="$main-target"/></xsl:call-template><xsl:if test="starts-with(key('metric', $ranking/@metric)/@direction, 'closer')">, its distance from the best value</xsl:if>) differs between the groups beyond chance: Cochran’s Q, the share of the variance that is between groups (I²), and the mean over groups (random effects, DerSimonian and Laird; the interval is cut where the metric ends)</span></caption>
          <thead><tr>
            <th scope="col">Tool</th><th scope="col" class="number">Groups</th><th scope="col" class="number">Q</th><th scope="col" class="number">p</th>
            <th scope="col" class="number">I²</th><th scope="col" class="number">τ</th><th scope="col" class="number">Mean over groups<small><xsl:value-of select="$percent"/> % interval</small></th>
          </tr></thead>
          <tbody>
            <xsl:for-each select="$main">
              <xsl:sort select="key('standing', @tool)/@place" data-type="number"/>
              <tr>
                <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="@tool"/></xsl:call-template></th>
                <td class="number" data-sort="{@groups}"><xsl:value-of select="@groups"/></td>
                <xsl:call-template name="plain"><xsl:with-param name="of" select="@q"/></xsl:call-template>
                <td class="number" data-sort="{@p}"><xsl:call-template name="p-value"><xsl:with-param name="of" select="@p"/><xsl:with-param name="bare" select="true()"/></xsl:call-template></td>
                <td class="number" data-sort="{@i-squared}"><xsl:value-of select="format-number(100 * @i-squared, '0')"/> %</td>
                <xsl:call-template name="plain"><xsl:with-param name="of" select="string(cm:root(@tau-squared))"/><xsl:with-param name="unit" select="$ranking-unit"/></xsl:call-template>
                <td class="number" data-sort="{@mean}"><xsl:call-template name="figure"><xsl:with-param name="of" select="@mean"/><xsl:with-param name="unit" select="$ranking-unit"/></xsl:call-template>
                  <xsl:call-template name="interval"><xsl:with-param name="of" select="."/><xsl:with-param name="unit" select="$ranking-unit"/><xsl:with-param name="like" select="@mean"/></xsl:call-template></td>
              </tr>
            </xsl:for-each>
          </tbody>
        </table>
      </div>
    </xsl:if>
  </xsl:template>

  <!-- of: elements without, each the ranking with one group left out -->
  <!-- of: interaction elements of an attribute; groups: its groups. Of many tools the pairs with a leading one are
       shown, of many groups only whether they differ: all of it is in report.xml. -->
  <xsl:template name="interactions">
    <xsl:param name="of"/><xsl:param name="groups"/>
    <xsl:variable name="leading" select="$ranking/r:standing[@place = 1]/@tool"/>
    <xsl:variable name="all" select="count($ranking/r:standing) &lt;= 12"/>
    <xsl:variable name="shown" select="$of[$all or @first = $leading or @second = $leading]"/>
    <xsl:variable name="columns" select="$groups[@value = $of/r:in-group/@value][count($groups) &lt;= 20]"/>
    <xsl:if test="$shown">
      <details>
        <summary>Is one tool better than another in every group?</summary>
        <div class="scroll" tabindex="0" role="group" aria-label="Table">
          <table class="sortable">
            <caption><span>
              <xsl:text>Difference of </xsl:text><xsl:value-of select="$ranking/@metric"/><xsl:text> in each group, first minus second</xsl:text>
              <xsl:if test="starts-with(key('metric', $ranking/@metric)/@direction, 'closer')">, of the distances to the best value</xsl:if>
              <xsl:text>, with its standard error (±); whether the groups disagree beyond chance: Cochran’s Q, p adjusted over all pairs (holm), the share of the variance that is between groups (I²); the mean difference over groups (random effects)</xsl:text>
              <xsl:if test="not($all)">. Pairs with a leading tool; the others are in report.xml</xsl:if>
            </span></caption>
            <thead><tr>
              <th scope="col">First</th><th scope="col">Second</th>
              <xsl:for-each select="$columns"><th scope="col" class="number"><xsl:call-template name="group-name"/></th></xsl:for-each>
              <th scope="col" class="number">Groups</th><th scope="col" class="number">Q</th><th scope="col" class="number">adjusted p</th>
              <th scope="col" class="number">I²</th><th scope="col" class="number">Mean over groups<small><xsl:value-of select="$percent"/> % interval</small></th>
            </tr></thead>
            <tbody>
              <xsl:for-each select="$shown">
                <xsl:variable name="pair" select="."/>
                <tr>
                  <th scope="row"><xsl:value-of select="@first"/></th><td><xsl:value-of select="@second"/></td>
                  <xsl:for-each select="$columns">
                    <xsl:variable name="in" select="$pair/r:in-group[@value = current()/@value]"/>
                    <td class="number" data-sort="{$in/@difference}"><xsl:choose>
                      <xsl:when test="$in"><xsl:call-template name="figure"><xsl:with-param name="of" select="$in/@difference"/></xsl:call-template><span class="interval">± <xsl:call-template name="figure"><xsl:with-param name="of" select="$in/@se"/></xsl:call-template></span></xsl:when>
                      <xsl:otherwise>–</xsl:otherwise>
                    </xsl:choose></td>
                  </xsl:for-each>
                  <td class="number" data-sort="{@groups}"><xsl:value-of select="@groups"/></td>
                  <xsl:call-template name="plain"><xsl:with-param name="of" select="@q"/></xsl:call-template>
                  <td class="number" data-sort="{@adjusted-p}"><xsl:call-template name="p-value"><xsl:with-param name="of" select="@adjusted-p"/><xsl:with-param name="bare" select="true()"/></xsl:call-template></td>
                  <td class="number" data-sort="{@i-squared}"><xsl:value-of select="format-number(100 * @i-squared, '0')"/> %</td>
                  <td class="number" data-sort="{@mean}"><xsl:call-template name="figure"><xsl:with-param name="of" select="@mean"/></xsl:call-template>
                    <xsl:call-template name="interval"><xsl:with-param name="of" select="."/></xsl:call-template></td>
                </tr>
              </xsl:for-each>
            </tbody>
          </table>
        </div>
      </details>
    </xsl:if>
  </xsl:template>

  <xsl:template name="without">
    <xsl:param name="of"/>
    <xsl:if test="$of">
      <div class="scroll" tabindex="0" role="group" aria-label="Table">
        <table class="sortable">
          <caption><span>Place by the bench’s method when the cases of one group are left out. Bold: another place than with all cases; an order that hangs on one group shows here.</span></caption>
          <thead>
            <tr>
              <th scope="col">Tool</th><th scope="col" class="number">All</th>
              <xsl:for-each select="$of"><th scope="col" class="number">without <xsl:call-template name="group-name"/></th></xsl:for-each>
            </tr>
          </thead>
          <tbody>
            <xsl:for-each select="$comparison/r:method[1]/r:place">
              <xsl:sort select="@place" data-type="number"/>
              <xsl:variable name="tool" select="@tool"/>
              <xsl:variable name="place" select="@place"/>
              <tr>
                <th scope="row"><xsl:call-template name="tool-name"><xsl:with-param name="key" select="$tool"/></xsl:call-template></th>
                <td class="number" data-sort="{@place}"><xsl:value-of select="@place"/></td>
                <xsl:for-each select="$of/r:place[@tool = $tool]">
                  <td class="number" data-sort="{@place}">
                    <xsl:choose>
                      <xsl:when test="@place != $place"><b><xsl:value-of select="@place"/></b></xsl:when>
                      <xsl:otherwise><xsl:value-of select="@place"/></xsl:otherwise>
                    </xsl:choose>
                  </td>
                </xsl:for-each>
              </tr>
            </xsl:for-each>
          </tbody>
        </table>
      </div>
    </xsl:if>
  </xsl:template>
</xsl:stylesheet>

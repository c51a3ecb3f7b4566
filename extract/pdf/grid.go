package pdf

import (
	"cmp"
	"math"
	"slices"
)

// A grid is a ruled table on one page: the edges of its columns and rows, and the cells that its rules leave.
type grid struct {
	xs, ys []float64
	cells  []*gridCell
}

// A gridCell spans columns [col, col+cols) and rows [row, row+rows).
type gridCell struct {
	row, col, rows, cols int
	chars                []char
	text                 string
}

func (g *grid) box() box {
	return box{g.xs[0], g.ys[0], g.xs[len(g.xs)-1], g.ys[len(g.ys)-1]}
}

const (
	near      = 3.0  // points within which edges are the same edge: a double border, a corner that does not quite meet
	overhang  = 12.0 // points a rule must stand out beyond the last crossing rule to make an open side
	smallest  = 60.0 // points a table is wide at least: strokes of characters that are drawn make grids too
	maxJoined = 5000 // rules of a page once joined; the statutory tables have 100. They are compared with each other
	maxEdges  = 400  // of a grid, either way
	coverable = 0.6  // share of a cell's side that a rule must cover to be its border
)

// findGrids finds the ruled tables of a page, top to bottom. A frame around text is none, nor is a line below a
// heading: a table has two cells at least.
func findGrids(p *page) []*grid {
	rules := joinRules(p.rules)
	if len(rules) > maxJoined {
		return nil // a map, a chart, a trap
	}
	var grids []*grid
	for _, group := range connected(rules) {
		if g := newGrid(group); g != nil && len(g.cells) > 1 && g.box().x1-g.box().x0 > smallest {
			grids = append(grids, g)
		}
	}
	grids = slices.DeleteFunc(grids, func(g *grid) bool { return within(g, grids) })
	slices.SortStableFunc(grids, func(a, b *grid) int { return cmpFloat(a.ys[0], b.ys[0]) })
	return grids
}

// within reports whether g stands in a cell of another grid: its text is the cell's text.
func within(g *grid, grids []*grid) bool {
	b := g.box()
	return slices.ContainsFunc(grids, func(o *grid) bool {
		outer := o.box()
		return o != g && outer.x0 <= b.x0 && outer.y0 <= b.y0 && outer.x1 >= b.x1 && outer.y1 >= b.y1 && outer != b
	})
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// joinRules joins the pieces that a rule is drawn in: cell by cell, dash by dash, once for each neighbour.
func joinRules(rules []rule) []rule {
	var across, down []rule
	for _, r := range rules {
		if r.horizontal() {
			across = append(across, r)
		} else {
			down = append(down, rule{box{r.y0, r.x0, r.y1, r.x1}}) // lying, to be joined by the same code
		}
	}
	joined := joinAcross(across)
	for _, r := range joinAcross(down) {
		joined = append(joined, rule{box{r.y0, r.x0, r.y0, r.x1}})
	}
	return joined
}

func joinAcross(rules []rule) []rule {
	heights := make([]float64, len(rules))
	for i, r := range rules {
		heights[i] = r.y0
	}
	edges := cluster(heights, near/2)
	for i := range rules {
		y := edges[nearestEdge(edges, rules[i].y0)]
		rules[i].y0, rules[i].y1 = y, y
	}
	slices.SortFunc(rules, func(a, b rule) int {
		if c := cmpFloat(a.y0, b.y0); c != 0 {
			return c
		}
		return cmpFloat(a.x0, b.x0)
	})
	var out []rule
	for _, r := range rules {
		if last := len(out) - 1; last >= 0 && out[last].y0 == r.y0 && r.x0 <= out[last].x1+near {
			out[last].x1 = max(out[last].x1, r.x1)
			continue
		}
		out = append(out, r)
	}
	return out
}

// cluster joins values that follow each other within gap, and returns the middle of each group, ascending.
func cluster(values []float64, gap float64) []float64 {
	sorted := slices.Sorted(slices.Values(values))
	var edges []float64
	for i := 0; i < len(sorted); {
		j := i + 1
		for j < len(sorted) && sorted[j]-sorted[j-1] <= gap && sorted[j]-sorted[i] <= 2*gap {
			j++
		}
		edges = append(edges, (sorted[i]+sorted[j-1])/2)
		i = j
	}
	return edges
}

// nearestEdge returns the index of the edge closest to v. edges is not empty and ascends.
func nearestEdge(edges []float64, v float64) int {
	i, found := slices.BinarySearch(edges, v)
	if found || i == 0 {
		return i
	}
	if i == len(edges) || v-edges[i-1] < edges[i]-v {
		return i - 1
	}
	return i
}

// connected groups the rules that touch, directly or through others.
func connected(rules []rule) [][]rule {
	parent := make([]int, len(rules))
	for i := range parent {
		parent[i] = i
	}
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	byTop := make([]int, len(rules))
	for i := range byTop {
		byTop[i] = i
	}
	slices.SortFunc(byTop, func(a, b int) int { return cmpFloat(rules[a].y0, rules[b].y0) })
	for k, i := range byTop {
		for _, j := range byTop[k+1:] {
			if rules[j].y0 > rules[i].y1+near {
				break
			}
			if touch(rules[i].box, rules[j].box) {
				parent[find(j)] = find(i)
			}
		}
	}
	groups := map[int][]rule{}
	var order []int
	for i := range rules {
		root := find(i)
		if groups[root] == nil {
			order = append(order, root)
		}
		groups[root] = append(groups[root], rules[i])
	}
	out := make([][]rule, len(order))
	for i, root := range order {
		out[i] = groups[root]
	}
	return out
}

func touch(a, b box) bool {
	return a.x0 <= b.x1+near && b.x0 <= a.x1+near && a.y0 <= b.y1+near && b.y0 <= a.y1+near
}

// newGrid makes a grid of rules that hang together; nil when they make none.
func newGrid(rules []rule) *grid {
	var across, down []rule
	for _, r := range rules {
		if r.horizontal() {
			across = append(across, r)
		} else {
			down = append(down, r)
		}
	}
	if len(across) < 2 && len(down) < 2 || len(across) == 0 || len(down) == 0 {
		return nil
	}
	g := &grid{xs: edgesOf(down, across, func(b box) [4]float64 { return [4]float64{b.x0, b.x1, b.y0, b.y1} }),
		ys: edgesOf(across, down, func(b box) [4]float64 { return [4]float64{b.y0, b.y1, b.x0, b.x1} })}
	if len(g.xs) < 2 || len(g.ys) < 2 || len(g.xs) > maxEdges || len(g.ys) > maxEdges {
		return nil
	}
	g.cut(down, across)
	return g
}

// edgesOf returns where the rules stand, and where the crossing rules stand out beyond them: tables are often open at
// the sides, and a table that goes on overleaf is open below. view returns a box seen so that rules stand upright:
// where they stand, twice, then along.
func edgesOf(rules, crossing []rule, view func(box) [4]float64) []float64 {
	var at []float64
	for _, r := range rules {
		at = append(at, view(r.box)[0])
	}
	edges := cluster(at, near)
	from, to := math.Inf(1), math.Inf(-1)
	for _, r := range crossing {
		v := view(r.box)
		from, to = min(from, v[0]), max(to, v[1])
	}
	if len(edges) == 0 {
		return edges
	}
	if from < edges[0]-overhang {
		edges = slices.Insert(edges, 0, from)
	}
	if to > edges[len(edges)-1]+overhang {
		edges = append(edges, to)
	}
	return edges
}

// cut makes the cells: slots that no rule parts belong together. What is joined so and is no rectangle is taken row by
// row instead; a cell is never made out of nothing.
func (g *grid) cut(down, across []rule) {
	w, h := len(g.xs)-1, len(g.ys)-1
	right := make([]bool, w*h) // a rule at the right of the slot
	below := make([]bool, w*h)
	for _, r := range down {
		g.border(r, true, func(x, y int) {
			if x > 0 {
				right[y*w+x-1] = true
			}
		})
	}
	for _, r := range across {
		g.border(r, false, func(x, y int) {
			if y > 0 {
				below[(y-1)*w+x] = true
			}
		})
	}
	done := make([]bool, w*h)
	for y := range h {
		for x := range w {
			if !done[y*w+x] {
				g.region(x, y, w, h, right, below, done)
			}
		}
	}
}

// border calls mark for every slot that the rule covers at its left (or top) for the most part. A rule at the last edge
// is at the left of a slot beyond the last.
func (g *grid) border(r rule, vertical bool, mark func(x, y int)) {
	if vertical {
		x := nearestEdge(g.xs, r.x0)
		if math.Abs(g.xs[x]-r.x0) > 2*near {
			return
		}
		for y := range len(g.ys) - 1 {
			if covers(r.y0, r.y1, g.ys[y], g.ys[y+1]) {
				mark(x, y)
			}
		}
		return
	}
	y := nearestEdge(g.ys, r.y0)
	if math.Abs(g.ys[y]-r.y0) > 2*near {
		return
	}
	for x := range len(g.xs) - 1 {
		if covers(r.x0, r.x1, g.xs[x], g.xs[x+1]) {
			mark(x, y)
		}
	}
}

func covers(from, to, start, end float64) bool {
	return min(to, end)-max(from, start) >= coverable*(end-start)
}

// A slot is the place where a column and a row of a grid cross.
type slot struct{ x, y int }

// region makes a cell of the slots that hang together with (x, y), or several where they are no rectangle.
func (g *grid) region(x, y, w, h int, right, below, done []bool) {
	all := hangTogether(slot{x, y}, w, h, right, below, done)
	from, to := all[0], all[0]
	for _, s := range all {
		from = slot{min(from.x, s.x), min(from.y, s.y)}
		to = slot{max(to.x, s.x), max(to.y, s.y)}
	}
	c := &gridCell{row: from.y, col: from.x, rows: to.y - from.y + 1, cols: to.x - from.x + 1}
	if c.cols*c.rows == len(all) {
		g.cells = append(g.cells, c)
		return
	}
	slices.SortFunc(all, func(a, b slot) int { return cmp.Or(a.y-b.y, a.x-b.x) })
	for i, s := range all {
		if i > 0 && all[i-1].y == s.y && all[i-1].x == s.x-1 && !right[s.y*w+s.x-1] {
			g.cells[len(g.cells)-1].cols++
			continue
		}
		g.cells = append(g.cells, &gridCell{row: s.y, col: s.x, rows: 1, cols: 1})
	}
}

// hangTogether lists the slots that can be reached from one without crossing a border, and marks them as done. right
// and below say of which slots, row by row, the right and the lower sides are borders.
func hangTogether(start slot, w, h int, right, below, done []bool) []slot {
	all := []slot{start}
	done[start.y*w+start.x] = true
	visit := func(border bool, to slot) {
		if !border && !done[to.y*w+to.x] {
			done[to.y*w+to.x] = true
			all = append(all, to)
		}
	}
	for i := 0; i < len(all); i++ {
		s := all[i]
		at := s.y*w + s.x
		if s.x+1 < w {
			visit(right[at], slot{s.x + 1, s.y})
		}
		if s.x > 0 {
			visit(right[at-1], slot{s.x - 1, s.y})
		}
		if s.y+1 < h {
			visit(below[at], slot{s.x, s.y + 1})
		}
		if s.y > 0 {
			visit(below[at-w], slot{s.x, s.y - 1})
		}
	}
	return all
}

// take moves the characters that stand in the table out of chars into its cells, by their middle.
func (g *grid) take(chars []char) (rest []char) {
	w := len(g.xs) - 1
	slots := make([]*gridCell, w*(len(g.ys)-1))
	for _, c := range g.cells {
		for y := c.row; y < c.row+c.rows; y++ {
			for x := c.col; x < c.col+c.cols; x++ {
				slots[y*w+x] = c
			}
		}
	}
	rest = chars[:0]
	for _, c := range chars {
		x, okX := slotOf(g.xs, c.midX())
		y, okY := slotOf(g.ys, c.midY())
		if !okX || !okY {
			rest = append(rest, c)
			continue
		}
		cell := slots[y*w+x]
		cell.chars = append(cell.chars, c)
	}
	for _, c := range g.cells {
		c.text = cellText(c.chars)
		c.chars = nil
	}
	return rest
}

// slotOf returns which of the slots between edges v stands in.
func slotOf(edges []float64, v float64) (int, bool) {
	i, found := slices.BinarySearch(edges, v)
	if !found {
		i--
	}
	return i, i >= 0 && i < len(edges)-1
}

package markup

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestWeightIsEnough holds the scale to the trees that the parser makes: none is heavier.
func TestWeightIsEnough(t *testing.T) {
	pieces := []string{"<p>", "</p>", "<div>", "</div>", "<b>", "</b>", "<i x=1>", "</i>", "<a href=a>", "</a>", "<font a b c>", "</font>", "<nobr>",
		"<table>", "</table>", "<tr>", "<td>", "</td>", "<ul><li>", "</ul>", "text", "<br>", "<s y=2>", "</s>", "<em>", "</em>", "</x>", "<object>", "</object>",
		"<select>", "<option>", "<svg>", "</svg>", "<h1>", "</h1>", "<body a=1>", "<script>x</script>", "<!-- c -->", "<code>", "</code>"}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		few := r.Perm(len(pieces))[:3+r.IntN(12)] // a page of few kinds comes to extremes
		var page strings.Builder
		for i := range 600 {
			piece := pieces[few[r.IntN(len(few))]]
			if r.IntN(4) == 0 {
				piece = strings.Replace(piece, "=", fmt.Sprintf("%d=", i), 1)
			}
			page.WriteString(piece)
		}
		root, err := html.Parse(strings.NewReader(page.String()))
		if err != nil {
			continue // nested too deep
		}
		weight := 0
		for n := range root.Descendants() {
			weight += NodeWeight + len(n.Attr)*attributeWeight
		}
		weight -= 4 * NodeWeight // html, head and body are always there
		if got, _ := weigh([]byte(page.String())); got < weight {
			t.Errorf("seed %d: weighed as %d, is %d:\n%.2000s", seed, got, weight, page.String())
		}
	}
}

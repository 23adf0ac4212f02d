import { render } from "preact";

render(<main>samaritan</main>, document.getElementById("page")!);

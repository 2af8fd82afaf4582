import { define } from "./dom";
import { XCoverPolicy } from "./policy/element";

export { XCoverPolicy };
define("xcover-policy", XCoverPolicy);

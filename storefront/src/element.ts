import { define } from "./dom";
import { XCoverOffer } from "./offer/element";

export { XCoverOffer };
define("xcover-offer", XCoverOffer);

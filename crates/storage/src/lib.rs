//! Where bytes and facts live: blobs in the GOPROXY layout, receipts, answers, the catalog.

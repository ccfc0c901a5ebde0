void in_a_folder_named_like_a_file(void) { huge_pmd_share(0); }

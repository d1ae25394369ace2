JPS™QC½’NCM¯:C|v
CI\5C#A`CÐfÞB·uVCƒCðNC…q+CºúC‡OC°ÂæB\è^C(CÞB:ãCRdÍB†™çBçÍGC
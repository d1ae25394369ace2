JPwHCËFNC“"CrCXíCnOLCRtõBTË3CT
C8C‚‚CÔ†3C¹œöB:ÓBŒ.ZCøçB¾C§Ð¼BèSÓBVdGC
"""The vocabulary of public data sets. Names are those of challenges and papers, in lower case with hyphens.

What the collections hold is taken from: for "cvpr2024-laptop" the folders of its training set as participants list them; for
"sa-med2d-20m" the data sets of its public part (arXiv 2311.11969, release of 3.7 million images; the whole also has others);
for "medsam-collection" and "medsam2-collection" what their authors confirmed in public. MedSAM's full list is its supplementary
tables 1-4 (doi 10.1038/s41467-024-44824-z), which this vocabulary does not repeat, so that other data count as unknown there.
"""

from __future__ import annotations

#: One line each: name | title | other names | data sets that share images with it.
DATA_SETS = """
sa-1b | SA-1B, 11 million photographs
sa-v | SA-V, 51,000 videos
sa-co | SA-Co, images and videos with noun phrases | sa-co-hq
hqseg-44k | HQSeg-44K, photographs with fine masks
phantom | drawings made by code | made-by-code synthetic
private | data that were never published | unpublished own
abdomenct-1k | AbdomenCT-1K | abdomen1k | lits kits19 msd-spleen msd-pancreas pancreas-ct flare21 flare22
acdc | ACDC, cardiac MR
adrenal-acc-ki67 | Adrenal-ACC-Ki67-Seg
amos | AMOS 2022, abdominal CT and MR | amos22 amos2022 amosmr
atm22 | ATM 2022, airways | atm2022
autopet | autoPET
axondeepseg-sem | AxonDeepSeg, SEM of rat spinal cord
brats | BraTS of any year | brats2013 brats2015 brats2018 brats2019 brats2020 brats2021 brats2023 | msd-braintumour
btcv | BTCV, beyond the cranial vault | synapse bcv
bu-bil | BU-BIL, Boston University Biomedical Image Library
busi | BUSI, breast ultrasound | breast-ultrasound breast_ultrasound_images_dataset
camus | CAMUS, echocardiography
cdd-cesm | CDD-CESM, mammography
chaos | CHAOS, abdominal MR and CT
cholecseg8k | CholecSeg8k
colin27 | Colin27 with the AAL atlas | ch2 aal
covid-19-20 | COVID-19-20 CT
covid-radiography | COVID-19 Radiography Database | covid-19-radiography-database
covid-qu-ex | COVID-QU-Ex
covid19-ct-seg | COVID-19 CT Lung and Infection | covid19-ct-seg-bench covid19ctscans
crossmoda | crossMoDA | crossmoda21 crossmoda22
ct-org | CT-ORG
ctpelvic1k | CTPelvic1K
ctspine1k | CTSpine1K
cvc-clinicdb | CVC-ClinicDB, colonoscopy | clinicdb
dcmqi-samples | sample images of dcmqi
deeplesion | DeepLesion
disc-hemo | optic disc haemorrhages (disc_hemo_dataset)
drive | DRIVE, retinal vessels
dsb2018 | Data Science Bowl 2018, nuclei | bbbc038
flare21 | FLARE 2021 | | abdomenct-1k
flare22 | FLARE 2022 | | abdomenct-1k
foot-ulcer | FUSC 2021, foot ulcers | fusc2021 fusc
gamma | GAMMA, fundus and OCT
hc18 | HC18, fetal head ultrasound
hcc-tace-seg | HCC-TACE-Seg
idrid | IDRiD, fundus
instance22 | INSTANCE 2022, intracranial haemorrhage
isbi2012-em | ISBI 2012 EM stack
isic2016 | ISIC 2016, dermoscopy | | isic2017 isic2018
isic2017 | ISIC 2017, dermoscopy | | isic2016 isic2018
isic2018 | ISIC 2018, dermoscopy | ham10000 | isic2016 isic2017
isles2022 | ISLES 2022
isles | ISLES 2015 to 2018 | isles2015 isles2016 isles2017 isles2018
jsrt | JSRT with SCR masks, chest X-ray | scr
kits19 | KiTS of any year | kits kits21 kits2021 kits23 | abdomenct-1k
kvasir-seg | Kvasir-SEG
lctsc | LCTSC, thoracic organs | tcia-lctsc
lidc-idri | LIDC-IDRI | lidc | luna16
lits | LiTS | msd-liver | abdomenct-1k
livianet-samples | sample subjects of LiviaNET
lld-mmri | LLD-MMRI
luna16 | LUNA16 | | lidc-idri
m2caiseg | m2caiSeg
mmwhs | MM-WHS
mnms | M&Ms and M&Ms-2 | mnms2
mni152 | MNI152 (ICBM 2009a) template
montgomery-shenzhen | chest X-rays of Montgomery and Shenzhen | chest-xray-masks-and-labels sz-cxr
monuseg | MoNuSeg 2018
mr-spine-seg | MRSpineSeg | spinemr
msd-braintumour | Decathlon Task01 | | brats
msd-colon | Decathlon Task10
msd-heart | Decathlon Task02
msd-hepaticvessel | Decathlon Task08
msd-hippocampus | Decathlon Task04
msd-lung | Decathlon Task06
msd-pancreas | Decathlon Task07 | | abdomenct-1k
msd-prostate | Decathlon Task05
msd-spleen | Decathlon Task09 | | abdomenct-1k
neurips22-cellseg | NeurIPS 2022 CellSeg
nci-isbi13 | NCI-ISBI 2013, prostate | | prostate-multisite
i2cvb | I2CVB, prostate | | prostate-multisite
nr206 | NR206, retinal OCT | | octid
octid | OCTID, retinal OCT | | nr206
oct-cystoid | intraretinal cystoid fluid, OCT | intraretinal-cystoid-fluid
palm | PALM 2019, fundus | palm19
pancreas-ct | NIH Pancreas-CT | | abdomenct-1k
papila | PAPILA, fundus
picai | PI-CAI
pneumothorax | SIIM-ACR pneumothorax masks | pneumothorax-masks siim-acr
promise12 | PROMISE12, prostate | | prostate-multisite
prostate-multisite | prostate MR of six sites (Liu et al.) | prostate_mri_segmentation_dataset | nci-isbi13 i2cvb promise12
pydicom-samples | test files of pydicom
pyradiomics-samples | sample images of pyradiomics
qin-prostate | QIN-PROSTATE
refuge | REFUGE, fundus
rvenet | RVENet, echocardiography
sct-testing | testing data of the Spinal Cord Toolbox
structseg | StructSeg 2019
totalsegmentator | TotalSegmentator CT | totalseg
totalsegmentator-mri | TotalSegmentator MRI | totalseg_mr
verse | VerSe 2019 and 2020 | verse19 verse20
wbc-zheng | white blood cells of Zheng et al. 2018 | wbc_smear1
wmh | WMH challenge
word | WORD, abdominal CT
"""

#: Collections that checkpoints were trained on -> (title, data sets in them, collections or data sets they share images with).
COLLECTIONS: dict[str, tuple[str, str, str]] = {
    "msd": (
        "Medical Segmentation Decathlon",
        "msd-braintumour msd-heart lits msd-hippocampus msd-prostate msd-lung msd-pancreas msd-hepaticvessel msd-spleen "
        "msd-colon",
        "",
    ),
    "cvpr2024-laptop": (
        "training set of CVPR 2024 'Segment Anything in Medical Images on Laptop'",
        "autopet isic2018 cdd-cesm busi hc18 m2caiseg kvasir-seg cholecseg8k papila idrid covid-radiography covid-qu-ex "
        "pneumothorax montgomery-shenzhen neurips22-cellseg mr-spine-seg qin-prostate amos brats crossmoda msd-heart wmh "
        "isles2022 totalsegmentator totalsegmentator-mri covid-19-20 ct-org lidc-idri covid19-ct-seg abdomenct-1k lctsc "
        "hcc-tace-seg adrenal-acc-ki67 lits msd-hepaticvessel msd-pancreas oct-cystoid",
        "",
    ),
    "medsam-collection": ("the public collection of MedSAM, 1.57 million masks", "amos", "cvpr2024-laptop"),
    "medsam2-collection": ("the collection of MedSAM2", "lidc-idri deeplesion lld-mmri rvenet", "cvpr2024-laptop"),
    "sa-med2d-20m": (
        "SA-Med2D-20M, 19.7 million masks",
        "acdc amos atm22 abdomenct-1k btcv brats chaos covid19-ct-seg covid-19-20 ctpelvic1k ctspine1k cvc-clinicdb crossmoda "
        "flare21 flare22 foot-ulcer palm gamma isles isles2022 instance22 kits19 luna16 mnms mmwhs msd-braintumour msd-heart "
        "lits msd-prostate msd-lung msd-pancreas msd-hepaticvessel msd-spleen msd-colon ct-org picai promise12 pneumothorax "
        "prostate-multisite structseg totalsegmentator verse word autopet busi montgomery-shenzhen kvasir-seg isic2016 "
        "isic2017 isic2018",
        "",
    ),
}

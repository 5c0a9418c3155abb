import json
from pathlib import Path

import pytest

from redactor.speech.language import FEWEST, is_english

ROOT = Path(__file__).parents[2]

OTHERS = [
    "Hola, buenos días, soy María García y llamo para confirmar mi cita del martes a las tres de la tarde",
    "Necesito que me devuelva la llamada porque tengo dolor en el pecho desde ayer y no puedo dormir",
    "Hola soy Maria y llamo para confirmar mi cita del martes por favor llameme al numero cinco cinco cinco",
    "Bonjour, je suis Marie Dubois et je vous appelle pour confirmer mon rendez-vous de mardi, merci de me rappeler",
    "Ma date de naissance est le quatorze mars mille neuf cent soixante deux et mon numéro est le",
    "Guten Tag, hier spricht Anna Müller, ich möchte meinen Termin am Dienstag absagen, bitte rufen Sie mich zurück",
    "Können Sie mir bitte sagen ob die Ergebnisse der Blutuntersuchung schon da sind",
    "Xin chào bác sĩ tôi là Nguyễn Văn An tôi gọi để xác nhận lịch hẹn ngày thứ ba xin gọi lại cho tôi",
    "Toi la Nguyen Van An toi goi de xac nhan lich hen ngay thu ba xin goi lai cho toi",
    "Magandang umaga po, ako po si Maria Santos, tumatawag ako para sa appointment ng nanay ko sa Martes",
    "Olá bom dia, eu sou a Maria Silva e estou ligando para confirmar minha consulta na terça, obrigada",
    "Buongiorno, sono Maria Rossi e chiamo per confermare il mio appuntamento di martedì alle tre, grazie",
    "Manman mwen gen doulè nan lestomak li depi yè li pa ka dòmi",
    "Здравствуйте это Иван Петров я звоню чтобы подтвердить прием во вторник",
    "你好 我 是 王 小明 我 打 电话 确认 星期二 的 预约",
    "Salaan waxaan ahay Faadumo Cali waxaan soo wacayaa si aan u xaqiijiyo ballantayda talaadada",
    (
        "Hello this is Maria Lopez calling for Doctor Kim about my appointment. Por favor llámeme al cinco cinco "
        "cinco, gracias"
    ),
]


@pytest.mark.parametrize("text", OTHERS)
def test_other_languages_are_detected(text: str) -> None:
    assert not is_english(text.split())


def english() -> list[str]:
    texts = [
        channel["text"]
        for line in (ROOT / "sample_audio" / "labels.jsonl").read_text().splitlines()
        if "spanish" not in (recording := json.loads(line))["file"]
        for channel in recording["channels"]
    ]
    for name in ("spoken_cases", "clinical_cases", "clinical_misheard"):
        lines = (ROOT / "tests" / "phi" / "data" / f"{name}.jsonl").read_text().splitlines()
        texts += [str(case.get("text") or case.get("heard") or "") for case in map(json.loads, lines)]
    return [text for text in texts if len(text.split()) >= FEWEST]


def test_english_passes() -> None:
    texts = english()
    assert len(texts) > 250
    refused = [text for text in texts if not is_english(text.split())]
    assert len(refused) <= 0.005 * len(texts), refused


@pytest.mark.parametrize(
    "text",
    [
        "five five five oh one four two eight six",
        "Marisol Echevarria, Penrose, call 206-555-0142",
        "This is Rosa de la Cruz from San Jose, my son Jose Luis needs his refill of lisinopril, por favor, gracias",
        "Adiós, gracias.",
    ],
)
def test_names_and_numbers_are_no_language(text: str) -> None:
    assert is_english(text.split())


def test_words_with_blanks_as_whisper_writes_them_are_the_same_words() -> None:
    assert is_english(" Hello this is the office please call us back today".replace(" ", "| ").split("|"))

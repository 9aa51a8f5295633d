"""Lists of a campus as an office sends them: rooms with faults in them, and registers."""

from tests.imports.files import build

PLACE_HEADINGS = ["位置编码", "名称", "类型", "上级编码"]
PEOPLE_HEADINGS = ["学号", "姓名", "性别码", "出生日期", "身份证号", "院系", "班级"]

FAULTS = [
    lambda n: [f"R{n:05d}", "", "房间", "B1-F01"],  # no name
    lambda n: [f"R{n:05d}", f"{n}", "房间", "NOWHERE"],  # unknown parent
    lambda n: [f"R{n:05d}", f"{n}", "洞穴", "B1-F01"],  # unknown kind
    lambda n: ["2.02E+09", f"{n}", "房间", "B1-F01"],  # number changed by a spreadsheet
    lambda n: [f"R{n:05d}", "王?室", "房间", "B1-F01"],  # lost character
    lambda n: [f"R{n:05d}", f"{n}", "校区", "B1-F01"],  # a campus inside a floor
    lambda n: ["", f"{n}", "房间", "B1-F01"],  # no code
]


def places(rooms=5000, bad=37):
    """One campus, ten buildings of ten floors, so many rooms of which `bad` are wrong; returns (rows, bad lines)."""
    rows = [["南校区房间清单", "", "", ""], PLACE_HEADINGS, ["S", "南校区", "校区", ""]]
    rows += [[f"B{b}", f"桃园{b}号楼", "楼栋", "S"] for b in range(1, 11)]
    rows += [[f"B{b}-F{f:02d}", f"{f}层", "楼层", f"B{b}"] for b in range(1, 11) for f in range(1, 11)]
    every = max(rooms // bad, 1) if bad else rooms + 1
    wrong = []
    for n in range(rooms):
        if len(wrong) < bad and n % every == every - 1:
            rows.append(FAULTS[len(wrong) % len(FAULTS)](n))
            wrong.append(len(rows))
        else:
            rows.append([f"R{n:05d}", f"{n % 100 + 1:03d}", "房间", f"B{n % 10 + 1}-F{n // 10 % 10 + 1:02d}"])
    return rows, wrong


SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英"


def unique_document(n):
    from app.imports.rules import documents

    first = f"{110000 + n // 900:06d}2005{n % 12 + 1:02d}{n % 28 + 1:02d}{n % 900 + 100:03d}"
    return first + documents.check_character(first)


def person(n, **changed):
    name = SURNAMES[n % 20] + GIVEN[n // 20 % 22] + GIVEN[n // 440 % 22]
    row = {
        "学号": f"2026{n:06d}",
        "姓名": name,
        "性别码": str(n % 2 + 1),
        "出生日期": f"2005-{n % 12 + 1:02d}-{n % 28 + 1:02d}",
        "身份证号": unique_document(n),
        "院系": "0817",
        "班级": f"C{n % 40 + 1:02d}",
    }
    row.update(changed)
    return [row[heading] for heading in PEOPLE_HEADINGS]


def people(count, start=0):
    return [PEOPLE_HEADINGS, *(person(n) for n in range(start, start + count))]


def gb18030(rows):
    return build.csv_bytes(rows, "gb18030")

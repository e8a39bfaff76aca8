"""Which archive of classes belongs to which Java."""

from tools.devstack.servers.kafka_jvm import archive_name


def installation(folder):
    (folder / "lib").mkdir(parents=True)
    (folder / "lib" / "modules").write_bytes(b"")
    return folder


def test_links_to_one_java_share_its_archive(tmp_path):
    """Each checkout has links of its own to the one environment of a machine."""
    java = installation(tmp_path / "java")
    link = tmp_path / "link"
    link.symlink_to(java)
    assert archive_name("jars", link) == archive_name("jars", java)


def test_two_javas_or_two_class_paths_share_nothing(tmp_path):
    """Java refuses the archive of another one."""
    one, other = installation(tmp_path / "one"), installation(tmp_path / "other")
    assert archive_name("jars", one) != archive_name("jars", other)
    assert archive_name("jars", one) != archive_name("other jars", one)

using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using AgentFunctions.Governance.Redaction;

namespace AgentFunctions.Tests.Governance.Redaction;

/// <summary>Every spelling of a known secret that a decoder would undo, and nothing else.</summary>
internal sealed class SpellingTests
{
    private const string Secret = "pl4nted/\"s+crét\"<&>\\x";
    private const string Mask = "[secret:db]";

    private static IEnumerable<TestCaseData> Spellings()
    {
        string value = Secret;
        (string Name, string Text)[] spellings =
        [
            ("plain", value),
            ("percent, upper case", Uri.EscapeDataString(value)),
            ("percent, lower case", Lower(Uri.EscapeDataString(value))),
            ("percent, in part", value.Replace("/", "%2f", StringComparison.Ordinal)
                .Replace("+", "%2B", StringComparison.Ordinal)),
            ("percent, every byte", string.Concat(Encoding.UTF8.GetBytes(value).Select(b => $"%{b:x2}"))),
            ("percent, twice", Uri.EscapeDataString(Uri.EscapeDataString(value))),
            ("JSON", JsonSerializer.Serialize(value)[1..^1]),
            ("JSON, relaxed", JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString()),
            ("JSON, escaped slash",
                JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString()
                    .Replace("/", "\\/", StringComparison.Ordinal)),
            ("JSON, every letter", string.Concat(value.Select(c => $"\\u{(int)c:x4}"))),
            ("JSON, every letter, upper case", string.Concat(value.Select(c => $"\\u{(int)c:X4}"))),
            ("JSON in JSON in JSON", Nested(value, 3)),
            ("HTML, named", System.Net.WebUtility.HtmlEncode(value).Replace("/", "&sol;", StringComparison.Ordinal)
                .Replace("+", "&plus;", StringComparison.Ordinal)),
            ("HTML, decimal", string.Concat(value.Select(c => $"&#{(int)c};"))),
            ("HTML, hexadecimal", string.Concat(value.Select(c => $"&#x{(int)c:X};"))),
            ("HTML, lower-case hexadecimal with zeros", string.Concat(value.Select(c => $"&#x{(int)c:x4};"))),
            .. Enumerable.Range(0, 3)
                .Select(offset => ($"base64 at {offset}",
                    Convert.ToBase64String(Encoding.UTF8.GetBytes($"{new string('z', offset)}{value} and more")))),
            .. Enumerable.Range(0, 3)
                .Select(offset => ($"base64url at {offset}",
                    Convert.ToBase64String(Encoding.UTF8.GetBytes($"{new string('z', offset)}{value}"))
                .TrimEnd('=').Replace('+', '-').Replace('/', '_'))),
            .. Enumerable.Range(0, 9)
                .Select(offset => ($"base64 of base64 at {offset}",
                    Base64($"{new string('y', offset / 3)}{Base64($"{new string('z', offset % 3)}{value} and more")} and more"))),
            ("base64 in an address", Uri.EscapeDataString(Convert.ToBase64String(Encoding.UTF8.GetBytes(value)))),
            ("percent in HTML", System.Net.WebUtility.HtmlEncode(Uri.EscapeDataString(value))),
        ];
        return spellings.Select(spelling => new TestCaseData(spelling.Text).SetName($"{{m}}({spelling.Name})"));
    }

    [TestCaseSource(nameof(Spellings))]
    public void Redact_Spelling_IsMaskedAndTheRestStays(string spelling)
    {
        Redactor redactor = With(Secret);

        Assert.That(redactor.Redact($"before {spelling} after"),
            Does.StartWith("before ").And.EndWith(" after").And.Contain(Mask));
        string shown = redactor.RedactJson(JsonSerializer.Serialize(new
        {
            text = $"before {spelling} after",
            nested = new[] { spelling }
        }));
        Assert.That(JsonElement.Parse(shown).GetProperty("text").GetString(),
            Does.StartWith("before ").And.EndWith(" after").And.Contain(Mask));
        Assert.That(JsonElement.Parse(shown).GetProperty("nested")[0].GetString(), Does.Contain(Mask));
    }

    [TestCase("my+secret+words")]
    [TestCase("my%20secret+words")]
    [TestCase("q=my+secret%20words&x=1")]
    public void Redact_FormEncoding_IsMasked(string spelling) =>
        Assert.That(With("my secret words").Redact(spelling), Does.Contain(Mask).And.Not.Contain("words"));

    [TestCase("\nghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_abc")]
    [TestCase("\tsk-abcdefghijklmnopqrstuvwxyz012345", "sk-abcdef")]
    [TestCase("key:\r\nAKIAIOSFODNN7EXAMPLE\r\n", "AKIAIOSF")]
    [TestCase("\bafk_abcdefgh_abcdefghijklmnopqrstuvwxyz0123", "afk_abcd")]
    public void RedactJson_ShapeAtTheStartOfALine_IsMasked(string text, string part)
    {
        string json = JsonSerializer.Serialize(new { text, inner = JsonSerializer.Serialize(new { text }) });

        Assert.That(new Redactor().RedactJson(json), Does.Not.Contain(part));
        Assert.That(new Redactor().Redact(json), Does.Not.Contain(part));
        Assert.That(new Redactor().Redact(text), Does.Contain("[secret]").And.Not.Contain(part));
    }

    [Test]
    public void RedactJson_NumbersNamesAndStructure_StayAsTheyAre()
    {
        Redactor redactor = With("12345678");
        const string Json = """{"12345678":12345678,"a":[12345678,-12345678.5,true,null],"b":{"c":"x 12345678 y"}}""";

        string shown = redactor.RedactJson(Json);

        Assert.That(shown, Is.EqualTo("""{"12345678":12345678,"a":[12345678,-12345678.5,true,null],"b":{"c":"x [secret:db] y"}}"""));
    }

    [Test]
    public void RedactFree_NamesAndNumbers_AreMaskedAndItStaysJson()
    {
        JsonElement shown = With("12345678").RedactFree(JsonElement.Parse("""{"12345678":12345678,"a":["12345678",1]}"""));

        Assert.That(shown.GetRawText(), Does.Not.Contain("12345678"));
        Assert.That(shown.GetProperty("a")[1].GetInt32(), Is.EqualTo(1));
    }

    [TestCase("task-management and risk-assessment of disk-usage-in-the-data-centre")]
    [TestCase("100% of 50 people & more; C:\\users\\new\\table; a+b; &unknown;")]
    [TestCase("-----BEGIN PRIVATE KEY-----\nDROP TABLE users;\nSELECT * FROM accounts\n-----END PRIVATE KEY-----")]
    [TestCase("-----BEGIN PRIVATE KEY-----\nDROP TABLE users\nDELETE FROM accounts\n-----END PRIVATE KEY-----")]
    [TestCase("-----BEGIN RSA PRIVATE KEY-----\nrm /var/lib/data\n-----END RSA PRIVATE KEY-----")]
    [TestCase("-----BEGIN PRIVATE KEY-----\nZWNobyBoZWxsbyB3b3JsZCwgdGhpcyBpcyBqdXN0IHRleHQ=\n-----END PRIVATE KEY-----")]
    public void Redact_NothingSecret_StaysTheSameText(string text) =>
    Assert.That(With("hunter2hunter2").Redact(text), Is.SameAs(text));

    [Test]
    public void Redact_RealKeys_AreMasked()
    {
        using var rsa = System.Security.Cryptography.RSA.Create(2048);
        using var ec = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        string encrypted = ec.ExportEncryptedPkcs8PrivateKeyPem(
            "x", new System.Security.Cryptography.PbeParameters(
                System.Security.Cryptography.PbeEncryptionAlgorithm.Aes256Cbc,
                System.Security.Cryptography.HashAlgorithmName.SHA256, 1));
        foreach (string pem in new[] { rsa.ExportPkcs8PrivateKeyPem(), rsa.ExportRSAPrivateKeyPem(),
            ec.ExportPkcs8PrivateKeyPem(), ec.ExportECPrivateKeyPem(), encrypted })
        {
            Assert.That(new Redactor().Redact($"a\n{pem}\nb"), Is.EqualTo("a\n[secret]\nb"));
            Assert.That(new Redactor().Redact($"a\n{pem.ReplaceLineEndings("\r\n")}\nb"), Is.EqualTo("a\n[secret]\nb"));
            Assert.That(new Redactor().Redact(pem.ReplaceLineEndings("\\n")), Is.EqualTo("[secret]"));
            Assert.That(new Redactor().RedactJson(JsonSerializer.Serialize(new { pem })), Is.EqualTo("""{"pem":"[secret]"}"""));
        }
    }

    [Test]
    public void Redact_BinaryAroundASecret_KeepsItsBytes()
    {
        byte[] data = [0xff, 0xfe, 0, .. Encoding.UTF8.GetBytes(Secret), 0x80, 0x41];

        Assert.That(With(Secret).Redact(data).ToArray(),
            Is.EqualTo((byte[])[0xff, 0xfe, 0, .. Encoding.UTF8.GetBytes(Mask), 0x80, 0x41]));
    }

    private static Redactor With(string secret)
    {
        var redactor = new Redactor();
        redactor.Add("db", secret);
        return redactor;
    }

    private static string Nested(string value, int depth) =>
        Enumerable.Range(0, depth).Aggregate(value, static (text, _) => JsonSerializer.Serialize(text)[1..^1]);

    private static string Lower(string text) =>
        System.Text.RegularExpressions.Regex.Replace(text, "%[0-9A-F]{2}",
            static match => match.Value.ToLower(CultureInfo.InvariantCulture));

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}

using System.Text;
using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Keys;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Tests.Governance.Redaction;

/// <summary>What is written is masked, what is read is the truth: for random secrets in random places.</summary>
[CancelAfter(300_000)]
internal sealed class SealedStoresTests
{
    private TemporaryFolder _folder = null!;
    private IHost _host = null!;
    private Redactor _redactor = null!;

    private ILogStore Logs => _host.Services.GetRequiredService<ILogStore>();

    private IRecordStore Records => _host.Services.GetRequiredService<IRecordStore>();

    private IBlobStore Blobs => _host.Services.GetRequiredService<IBlobStore>();

    private SqliteEngine Engine => _host.Services.GetRequiredService<SqliteEngine>();

    [SetUp]
    public async Task StartAsync()
    {
        _folder = new TemporaryFolder();
        _host = await StartHostAsync();
        _redactor = _host.Services.GetRequiredService<Redactor>();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task Write_RandomSecretsInRandomPlaces_TruthIsReadAndTheMaskIsStored([Values(1, 2, 3, 4)] int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 60; round++)
        {
            string secret = RandomSecret(random);
            _redactor.Add($"s{seed}-{round}", secret);
            string json = RandomJson(random, secret, 3);
            byte[] truth = Encoding.UTF8.GetBytes(json);

            await Records.PutAsync($"plans/r{seed}-{round}", truth);
            long position = await Logs.AppendAsync($"transcripts/r{seed}", [truth]);
            string hash = await Blobs.PutAsync(truth);

            Assert.That((await Records.GetAsync($"plans/r{seed}-{round}"))!.Value.ToArray(), Is.EqualTo(truth), json);
            Assert.That((await Logs.ReadAsync($"transcripts/r{seed}", position).ToListAsync())[0].Data.ToArray(),
                Is.EqualTo(truth), json);
            Assert.That((await Blobs.GetAsync(hash))!.Value.ToArray(), Is.EqualTo(truth), json);
            Assert.That(hash, Is.EqualTo(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(truth))));
            string stored = Encoding.UTF8.GetString((await Engine.Records.GetAsync($"plans/r{seed}-{round}"))!.Value.Span);
            Assert.That(() => JsonElement.Parse(stored.Split("\n~sealed ")[0]), Throws.Nothing, stored);
            foreach (string value in StringValues(JsonElement.Parse(stored.Split("\n~sealed ")[0])))
            {
                Assert.That(value, Does.Not.Contain(secret));
            }

            Assert.That(StringValues(JsonElement.Parse(_redactor.RedactJson(json))), Has.None.Contains(secret), json);
            Assert.That(_redactor.RedactFree(JsonElement.Parse(json)).GetRawText(),
                Does.Not.Contain(JsonSerializer.Serialize(secret)[1..^1]), json);
        }
    }

    [Test]
    public async Task Write_NumberThatEqualsASecretOfDigits_StaysANumber()
    {
        _redactor.Add("pin", "12345678");

        await Records.PutAsync("budgets/r1", """{"tokens":12345678,"why":"12345678"}"""u8.ToArray());

        string stored = Encoding.UTF8.GetString((await Engine.Records.GetAsync("budgets/r1"))!.Value.Span);
        Assert.That(JsonElement.Parse(stored).GetProperty("tokens").GetInt64(), Is.EqualTo(12345678));
        Assert.That(JsonElement.Parse(stored).GetProperty("why").GetString(), Is.EqualTo("[secret:pin]"));
        Assert.That(Encoding.UTF8.GetString((await Records.GetAsync("budgets/r1"))!.Value.Span),
            Is.EqualTo("""{"tokens":12345678,"why":"12345678"}"""));
    }

    [Test]
    public async Task Read_WhatWasMaskedBeforeThereWereSeals_IsReadAsItIs()
    {
        await Engine.Records.PutAsync("plans/old", """{"text":"[secret:db]"}"""u8.ToArray());

        Assert.That(Encoding.UTF8.GetString((await Records.GetAsync("plans/old"))!.Value.Span),
            Is.EqualTo("""{"text":"[secret:db]"}"""));
    }

    [Test]
    public async Task Read_SealedRecordThatWasAlteredOrMoved_IsRefusedAndLeftOutOfLists()
    {
        _redactor.Add("db", "hunter2hunter2");
        await Records.PutAsync("plans/a", """{"text":"hunter2hunter2"}"""u8.ToArray());
        await Records.PutAsync("plans/b", """{"text":"plain"}"""u8.ToArray());
        ReadOnlyMemory<byte> stored = (await Engine.Records.GetAsync("plans/a"))!.Value;
        await Engine.Records.PutAsync("plans/moved", stored);
        await Engine.Records.PutAsync("plans/a", Encoding.UTF8.GetBytes(
            Encoding.UTF8.GetString(stored.Span).Replace("\"text\"", "\"test\"", StringComparison.Ordinal)));

        Assert.That(() => Records.GetAsync("plans/a"),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.DataFileUnusable));
        Assert.That(() => Records.GetAsync("plans/moved"),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.DataFileUnusable));
        Assert.That((await Records.ListAsync("plans/").ToListAsync()).Select(record => record.Key),
            Is.EqualTo((string[])["plans/b"]));
    }

    [Test]
    public async Task Read_AfterARestart_TheTruthIsThereAndEachTreeHasItsOwnKey()
    {
        _redactor.Add("db", "hunter2hunter2");
        await Records.PutAsync("plans/one.1-0", """{"text":"hunter2hunter2"}"""u8.ToArray());
        await Records.PutAsync("plans/two", """{"text":"hunter2hunter2"}"""u8.ToArray());
        await StopHostAsync();
        _host = await StartHostAsync();

        Assert.That(Encoding.UTF8.GetString((await Records.GetAsync("plans/one.1-0"))!.Value.Span),
            Is.EqualTo("""{"text":"hunter2hunter2"}"""));
        ITreeKeyStore keys = _host.Services.GetRequiredService<ITreeKeyStore>();
        Assert.That(await keys.FindAsync("one"), Is.Not.Null.And.Not.EqualTo(await keys.FindAsync("two")));
        Assert.That(await keys.FindAsync("one.1-0"), Is.Null);
    }

    [Test]
    public async Task Journal_Event_IsMaskedForGood()
    {
        _redactor.Add("db", "hunter2hunter2");

        await Logs.AppendAsync("journals/r1", ["""{"text":"\nhunter2hunter2","turn":1}"""u8.ToArray()]);

        string read = Encoding.UTF8.GetString((await Logs.ReadAsync("journals/r1").ToListAsync())[0].Data.Span);
        Assert.That(read, Is.EqualTo("""{"text":"\n[secret:db]","turn":1}"""));
    }

    private async Task StopHostAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private async Task<IHost> StartHostAsync()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string,
            string?>
        { ["Governance:KeyFolder"] = Path.Combine(_folder.Path, "keys") });
        builder.Services.AddAgentFunctions(builder.Configuration).AddOpenAIModels(builder.Configuration).AddMcpServers()
            .AddMonitors();
        builder.Services.AddSqliteEngine(options => options.DataFile = Path.Combine(_folder.Path, "runs.db"));
        IHost host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private static string RandomSecret(Random random)
    {
        const string Letters = "abcXYZ0189+/=%&\\\"'<>é世-_ ;:{}[]u.";
        int length = random.Next(8, 24);
        return random.Next(4) == 0
            ? string.Concat(Enumerable.Range(0, length).Select(_ => (char)('0' + random.Next(1, 10))))
            : string.Concat(Enumerable.Range(0, length).Select(_ => Letters[random.Next(Letters.Length)]));
    }

    private static string RandomJson(Random random, string secret, int depth)
    {
        string text = random.Next(5) switch
        {
            0 => secret,
            1 => $"a\n{secret}\tb",
            2 => JsonSerializer.Serialize(new { inner = secret, n = 1 }),
            3 => $"nothing {random.Next()}",
            _ => $"{secret}{secret} {Uri.EscapeDataString(secret)} {Convert.ToBase64String(Encoding.UTF8.GetBytes("x" + secret))}",
        };
        return depth == 0 ? Text(random, text) : random.Next(6) switch
        {
            0 => $"[{RandomJson(random, secret, depth - 1)},{Number(random, secret)}, {RandomJson(random, secret, depth - 1)}]",
            1 => Text(random, text),
            _ => $"{{{Text(random, text)} : {RandomJson(random, secret, depth - 1)},\"n\":{Number(random, secret)},\"m\":{Text(random, text)}}}",
        };
    }

    /// <summary>A JSON string, some of its letters escaped though they need not be.</summary>
    private static string Text(Random random, string text) => $"\"{string.Concat(text.Select(c =>
        random.Next(12) == 0 && !char.IsSurrogate(c) ? $"\\u{(int)c:x4}" : JsonEncodedText.Encode(
            c.ToString(), System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString()))}\"";

    private static string Number(Random random, string secret) =>
        secret.All(char.IsAsciiDigit) && secret.Length < 16 ? secret : $"{random.Next()}";

    private static IEnumerable<string> StringValues(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array => value.EnumerateArray().SelectMany(StringValues),
        JsonValueKind.Object =>
            value.EnumerateObject().Where(static member => member.Name != "~sealed")
                .SelectMany(static member => StringValues(member.Value)),
        _ => [],
    };
}

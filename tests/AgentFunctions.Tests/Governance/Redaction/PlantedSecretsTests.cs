using System.Text;
using System.Text.Json;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using RunRequest = AgentFunctions.Gateway.RunRequest;

namespace AgentFunctions.Tests.Governance.Redaction;

/// <summary>A secret is planted wherever text enters; afterwards the data file is searched for it, byte by byte.</summary>
[CancelAfter(300_000)]
internal sealed class PlantedSecretsTests
{
    private const string Secret = "pl4nted/\"s+crét\"<&>";

    [Test]
    public async Task Run_SecretInEveryField_IsNowhereInTheDataFile(CancellationToken cancellationToken)
    {
        AgentTool leak = AgentTool.Create("leak", "Leaks.", ToolEffect.Idempotent, (string text, ToolContext context) =>
            text.StartsWith("throw", StringComparison.Ordinal)
                ? throw new InvalidOperationException($"failed with {Secret}")
                : $"the key is {Secret}");
        AgentTool save = AgentTool.Create("save", "Saves.", ToolEffect.Idempotent, async (ToolContext context) =>
            await context.Artifacts.SaveAsync(context.RunId, "key.txt", "text/plain", Encoding.UTF8.GetBytes(Secret)));
        await using GovernedRun governed = await GovernedRun.StartAsync(
            "rules: [{name: all, when: {tool: '*'}, then: allow}]",
            [
                ChatReplyCall.Of("leak", new { text = $"arguments {Secret}" }),
                ChatReplyCall.Of("leak", new { text = $"throw {Secret}" }),
                ChatReplyCall.Of("save", new { }),
            ],
            [leak, save], ("Secrets:planted", Secret));
        string folder = governed.Host.Folder;

        Run run = await governed.Host.RunAsync($"Find {Secret}", new RunRequest
        {
            Acceptance = $"when {Secret} is found",
            Input = JsonSerializer.SerializeToElement(new { key = Secret }),
            Labels = new Dictionary<string, string> { ["team"] = Secret },
        });
        await governed.Host.Steering.SendAsync(run.Id, $"remember {Secret}", "local", cancellationToken);
        await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        IReadOnlyList<JournalEvent> journal = await governed.Host.JournalAsync(run.Id);
        Assert.That(journal.Any(happened => happened.Text?.Contains("[secret:Secrets.planted]",
            StringComparison.Ordinal) == true), Is.True);
        string[] spellings = [Secret, JsonSerializer.Serialize(Secret)[1..^1],
            Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret))];
        foreach (string file in Directory.EnumerateFiles(folder, "runs.db*")
            .Where(static file => !file.EndsWith(".lock", StringComparison.Ordinal)))
        {
            using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[stream.Length];
            await stream.ReadExactlyAsync(bytes, cancellationToken);
            foreach (string spelling in spellings)
            {
                Assert.That(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(spelling)), Is.EqualTo(-1),
                    $"{spelling} in {Path.GetFileName(file)}");
            }
        }
    }

    [TestCase("my key is sk-abcdefghijklmnopqrstuvwxyz012345", "sk-abcdef")]
    [TestCase("AKIAIOSFODNN7EXAMPLE", "AKIAIOSF")]
    [TestCase("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_abc")]
    [TestCase("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJydW46YWJjIn0.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw", "eyJhbGci")]
    [TestCase("-----BEGIN PRIVATE KEY-----\\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49\\n-----END PRIVATE KEY-----", "MIGHAgEA")]
    public void Redact_ShapeOfACredential_IsTakenOut(string text, string part)
    {
        string clean = new Redactor().Redact(text)!;

        Assert.That(clean, Does.Contain("[secret]").And.Not.Contain(part));
    }

    [Test]
    public void Redact_NothingSecret_StaysTheSameBytes()
    {
        ReadOnlyMemory<byte> binary = new byte[] { 0xff, 0xfe, 0, 1, 2, 0x80, 0x41 };

        Assert.That(new Redactor().Redact(binary).ToArray(), Is.EqualTo(binary.ToArray()));
        Assert.That(new Redactor().Redact("grüße 世界 😀"), Is.EqualTo("grüße 世界 😀"));
    }

    [Test]
    public void Log_MessageOrExceptionHoldsASecret_IsWrittenWithoutIt()
    {
        var redactor = new Redactor();
        redactor.Add("db", "hunter2hunter2");
        var written = new List<string>();
        using var factory = new RedactingLoggerFactory(LoggerFactory.Create(builder => builder.AddProvider(new Collector(written))), redactor);

        factory.CreateLogger("test")
            .LogError(new InvalidOperationException("password hunter2hunter2"), "connecting with {Password}", "hunter2hunter2");

        Assert.That(written, Has.Count.EqualTo(1));
        Assert.That(written[0], Does.Contain("[secret:db]").And.Not.Contain("hunter2"));
    }

    [Test]
    public void Declarations_AServerRepeatsItsToken_TheModelIsNotShownIt()
    {
        var redactor = new Redactor();
        redactor.Add("db", "hunter2hunter2");
        JsonElement schema = JsonElement.Parse("""{"type":"object","properties":{"q":{"type":"string","description":"as hunter2hunter2","maxLength":3}}}""");
        AITool clean = AIFunctionFactory.CreateDeclaration("clean", "Does no harm.", JsonElement.Parse("{}"));
        var options = new ChatOptions
        {
            Temperature = 1,
            Tools = [clean, AIFunctionFactory.CreateDeclaration("tool", "Uses hunter2hunter2.", schema)]
        };

        ChatOptions shown = new MessageView(redactor).Of(options);

        var tool = (AIFunctionDeclaration)shown.Tools![1];
        Assert.That(shown.Tools[0], Is.SameAs(clean), "what a provider has in its cache stays the same");
        Assert.That(tool.Name, Is.EqualTo("tool"));
        Assert.That(tool.Description, Is.EqualTo("Uses [secret:db]."));
        Assert.That(tool.JsonSchema.GetRawText(),
            Does.Contain("as [secret:db]").And.Contain("\"maxLength\":3").And.Not.Contain("hunter2"));
        Assert.That(shown.Temperature, Is.EqualTo(1));
    }

    [Test]
    public void View_SecretBecomesKnownWhileAMessageIsLookedAt_IsMaskedTheNextTime()
    {
        var redactor = new Redactor();
        var view = new MessageView(redactor);
        var result = new Telling(() =>
        {
            redactor.Add("db", "hunter2hunter2");
            view.Of([new ChatMessage(ChatRole.User, "Another run asks.")]);
        });
        var message = new ChatMessage(
            ChatRole.Tool, [new TextContent("It is hunter2hunter2."), new FunctionResultContent("1", result)]);

        view.Of([message]);

        Assert.That(view.Of([message]).Single().Text, Does.Contain("[secret:db]").And.Not.Contain("hunter2"));
    }

    [TestCase("x\u001b[2J\u001b[31m", @"says it is x\u001b[2J\u001b[31m")]
    [TestCase("x\r2026-11-26 info: all is well", @"says it is x\u000d2026-11-26 info: all is well")]
    [TestCase("x\u202Edne", @"says it is x\u202edne")]
    [TestCase("x\u2028y", @"says it is x\u2028y")]
    [TestCase("two\nlines\tand a tab", "says it is two\nlines\tand a tab")]
    public void Log_ValueHoldsCharactersThatSteerATerminal_IsWrittenWithEscapes(string name, string expected)
    {
        var written = new List<string>();
        using var factory = new RedactingLoggerFactory(LoggerFactory.Create(builder => builder.AddProvider(new Collector(written))), new Redactor());

        factory.CreateLogger("test").LogInformation("says it is {Name}", name);

        Assert.That(written.Single(), Does.StartWith($"{expected} "));
    }

    private sealed class Telling(Action told)
    {
        public override string ToString()
        {
            told();
            return "told";
        }
    }

    private sealed class Collector(List<string> written) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            written.Add($"{formatter(state, exception)} {exception} {state}");

        public void Dispose()
        {
        }
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.AspNetCore;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Extensions.Configuration;
using RunRequest = AgentFunctions.Gateway.RunRequest;

namespace AgentFunctions.Tests.Governance.Redaction;

/// <summary>What runs is the truth, whatever stands between: an approval, a restart, a fork of names and numbers.</summary>
[CancelAfter(300_000)]
internal sealed class TruthTests
{
    private const string Word = "postgres";
    private const string Digits = "12345678";
    private const string Ask = "rules: [{name: ask-all, when: {tool: '*'}, then: ask, approval: {roles: [lead]}}]";

    private static readonly Caller Lead = new("lee") { Roles = ["lead"] };

    [Test]
    public async Task Call_WithSecretsEverywhere_RunsWithTheTruthAfterARestart(CancellationToken cancellationToken)
    {
        List<string> written = [];
        AgentTool write = AgentTool.Create("postgres_write", "Writes.", ToolEffect.NotIdempotent,
            (string text, int number, JsonElement more) =>
        {
            written.Add($"{text}|{number}|{more.GetRawText()}");
            return $"wrote {text}";
        });
        await using GovernedRun governed = await GovernedRun.StartAsync(
            Ask,
            [ChatReplyCall.Of("postgres_write",
                new { text = $"host={Word}\n{Digits}", number = 12345678,
                    more = new { postgres = 12345678, a = new[] { Word } } })],
            [write], ("Secrets:db", Word), ("Secrets:pin", Digits));
        Run run = await governed.Host.SubmitAsync($"Use {Word}.", new RunRequest
        {
            Input = JsonElement.Parse($$"""{"n":{{Digits}},"t":"{{Digits}}"}"""),
            Labels = new Dictionary<string, string> { ["db"] = Word },
        });
        Approval asked = await governed.ApprovalOfAsync(run.Id, cancellationToken);
        await governed.Host.RestartAsync();
        await governed.Desk.DecideAsync(asked.Id, Lead, true, null, null, cancellationToken);
        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        Assert.That(written, Is.EqualTo((string[])[$$"""host=postgres{{"\n"}}12345678|12345678|{"postgres":12345678,"a":["postgres"]}"""]));
        Assert.That(run.Goal, Is.EqualTo("Use [secret:Secrets.db]."));
        Assert.That(run.Result!.Text, Does.Contain("[secret:Secrets.db]").And.Not.Contain(Word));
        Assert.That((await governed.Host.Get<RunStore>().GetAsync(run.Id, cancellationToken)).Goal, Is.EqualTo($"Use {Word}."));
        Assert.That((await governed.Host.Reader.ListAsync(new RunFilter(), cancellationToken)
            .ToListAsync(cancellationToken)).Select(one => one.Id), Does.Contain(run.Id));
        foreach (JournalEvent happened in await governed.Host.JournalAsync(run.Id))
        {
            Assert.That(happened.Text ?? "", Does.Not.Contain(Word).And.Not.Contain(Digits));
        }

        foreach (AuditEntry entry in await governed.AuditAsync())
        {
            Assert.That($"{entry.Arguments} {entry.Outcome} {entry.Reason}", Does.Not.Contain(Word).And.Not.Contain(Digits));
        }

        foreach (ChatRequest request in governed.Host.Model.Requests.Skip(1))
        {
            Assert.That(request.Body.GetProperty("messages").GetRawText(),
                Does.Not.Contain($"host={Word}").And.Not.Contain(Digits));
        }
    }

    [Test]
    public async Task Api_NumberThatEqualsASecret_ListsAndShowsRuns()
    {
        await using ApiHost host = await ApiHost.StartAsync(
            _ => ChatReply.Say($"The pin is {Digits}."), null,
            builder => builder.Configuration.AddInMemoryCollection([new("Secrets:pin", Digits)]));
        using HttpResponseMessage posted = await host.Client.PostAsJsonAsync("/api/runs", new
        {
            goal = $"Find {Digits}",
            input = new { number = 12345678, text = Digits },
            budget = new { tokens = 12345678 },
        });
        string id = (await posted.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
        await host.Get<RunReader>().WaitForEndAsync(id);

        JsonElement list = await host.Client.GetFromJsonAsync<JsonElement>("/api/runs");
        JsonElement run = await host.Client.GetFromJsonAsync<JsonElement>($"/api/runs/{id}");
        string transcript = await host.Client.GetStringAsync(new Uri($"/api/runs/{id}/transcript", UriKind.Relative));

        Assert.That(list.GetProperty("runs")[0].GetProperty("goal").GetString(), Is.EqualTo("Find [secret:Secrets.pin]"));
        Assert.That(run.GetProperty("budget").GetProperty("granted").GetProperty("tokens").GetInt64(), Is.EqualTo(12345678));
        Assert.That(run.GetProperty("input").GetRawText(), Does.Not.Contain(Digits));
        Assert.That(run.GetProperty("result").GetProperty("text").GetString(), Is.EqualTo("The pin is [secret:Secrets.pin]."));
        Assert.That(transcript, Does.Not.Contain(Digits).And.Contain("[secret:Secrets.pin]"));
    }

    [Test]
    public async Task List_OneRecordCannotBeRead_TheOthersAreListed()
    {
        await using ApiHost host = await ApiHost.StartAsync(_ => ChatReply.Say("done"));
        using HttpResponseMessage posted = await host.Client.PostAsJsonAsync("/api/runs", new { goal = "one" });
        await host.Get<SqliteEngine>().Records.PutAsync("runs/00000000000000000000000000",
            """{"id":"0","tokens":[secret:pin]}"""u8.ToArray());

        using HttpResponseMessage list = await host.Client.GetAsync(new Uri("/api/runs", UriKind.Relative));

        Assert.That(list.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That((await list.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("runs").GetArrayLength(), Is.EqualTo(1));
    }

    [Test]
    public async Task Approval_MaskedBlock_IsHighRiskNamedAndRevealedToWhoMayDecide(CancellationToken cancellationToken)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string pem = key.ExportPkcs8PrivateKeyPem();
        AgentTool send = AgentTool.Create("send", "Sends.", ToolEffect.Idempotent, (string body, string token) => "sent");
        await using GovernedRun governed = await GovernedRun.StartAsync(
            Ask, [ChatReplyCall.Of("send", new { body = $"key:\n{pem}", token = "hunter2hunter2" })], [send],
            ("Secrets:db", "hunter2hunter2"));
        Run run = await governed.Host.SubmitAsync();
        Approval asked = await governed.ApprovalOfAsync(run.Id, cancellationToken);

        Assert.That(asked.Risk, Is.EqualTo(AgentFunctions.Governance.Policies.RiskLevel.High));
        Assert.That(asked.Arguments.GetRawText(), Does.Not.Contain("hunter2").And.Not.Contain(pem[40..60]));
        Assert.That(asked.Masked, Is.EqualTo(new[]
        {
            new MaskedPart("$.body", pem.Length, "it has the shape of a private key", false),
            new MaskedPart("$.token", 14, "the secret 'Secrets.db'", true),
        }));
        Assert.That(
            () => governed.Desk.RevealAsync(asked.Id, new Caller("vera") { Roles = [CallerRoles.Auditor] }, cancellationToken),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.NotAllowed));
        Approval seen = await governed.Desk.RevealAsync(asked.Id, Lead, cancellationToken);
        Assert.That(seen.Arguments.GetProperty("body").GetString(), Is.EqualTo($"key:\n{pem}"));
        AuditEntry entry = (await governed.AuditAsync(run.Id)).Single(one => one.Type == AuditTypes.ApprovalRevealed);
        Assert.That((entry.Actor, entry.ApprovalId), Is.EqualTo(("lee", asked.Id)));
        Assert.That(entry.Reason, Does.Contain("$.body").And.Contain("$.token"));
    }

    [Test]
    public async Task Policy_MaskedBlock_IsJudgedAsHighRisk(CancellationToken cancellationToken)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        AgentTool send = AgentTool.Create("send", "Sends.", ToolEffect.Idempotent, (string body) => "sent");
        await using GovernedRun governed = await GovernedRun.StartAsync(
            "rules: [{name: risky, when: {risk: high}, then: ask}, {name: rest, when: {tool: '*'}, then: allow}]",
            [ChatReplyCall.Of("send", new { body = "plain" }),
                ChatReplyCall.Of("send", new { body = key.ExportPkcs8PrivateKeyPem() })], [send]);
        Run run = await governed.Host.SubmitAsync();

        Approval asked = await governed.ApprovalOfAsync(run.Id, cancellationToken);

        Assert.That((asked.Turn, asked.Rule), Is.EqualTo((2, "risky")));
    }

    [Test]
    public async Task Approval_TextBetweenKeyMarks_IsShownAsItRuns(CancellationToken cancellationToken)
    {
        const string Sql = "-----BEGIN PRIVATE KEY-----\nDELETE FROM users;\n-----END PRIVATE KEY-----";
        AgentTool query = AgentTool.Create("query", "Asks the database.", ToolEffect.Idempotent, (string sql) => "done");
        await using GovernedRun governed = await GovernedRun.StartAsync(Ask, [ChatReplyCall.Of("query", new { sql = Sql })],
            [query]);
        Run run = await governed.Host.SubmitAsync();

        Approval asked = await governed.ApprovalOfAsync(run.Id, cancellationToken);

        Assert.That(asked.Arguments.GetProperty("sql").GetString(), Is.EqualTo(Sql));
        Assert.That(asked.Masked, Is.Empty);
    }

    [Test]
    public async Task Approval_EditedInTheFile_ItsCallIsRefused(
        [Values("\"state\":\"Pending\"|\"state\":\"Approved\"", "\"callHash\":\"|\"edited\":{\"to\":\"mallory\"},\"callHash\":\"",
            "\"roles\":[\"lead\"|\"roles\":[\"lead\",\"mallory\"", ",\"seal\":\"|,\"seal\":\"0")] string edit,
        CancellationToken cancellationToken)
    {
        List<string> paid = [];
        AgentTool pay = AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, (string to) =>
        {
            paid.Add(to);
            return "paid";
        });
        await using GovernedRun governed = await GovernedRun.StartAsync(Ask, [ChatReplyCall.Of("pay", new { to = "bob" })],
            [pay]);
        Run run = await governed.Host.SubmitAsync();
        Approval asked = await governed.ApprovalOfAsync(run.Id, cancellationToken);
        IRecordStore file = governed.Host.Get<SqliteEngine>().Records;
        StoredRecord record = (await file.GetAsync($"approvals/{asked.Id}", cancellationToken))!;
        string before = Encoding.UTF8.GetString(record.Value.Span);
        string after = before.Replace(edit.Split('|')[0], edit.Split('|')[1], StringComparison.Ordinal);
        Assert.That(after, Is.Not.EqualTo(before));
        await file.PutAsync(record.Key, Encoding.UTF8.GetBytes(after), default, cancellationToken);

        if (!edit.StartsWith("\"state\"", StringComparison.Ordinal))
        {
            Approval shown = await governed.Desk.GetAsync(asked.Id, Lead, cancellationToken);
            await governed.Desk.DecideAsync(
                asked.Id, Lead, true, callHash: shown.CallHash, cancellationToken: cancellationToken);
        }
        else
        {
            await governed.Host.RestartAsync();
        }

        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);
        Assert.That(paid, Is.Empty);
        Assert.That(run.Result!.Text, Does.Contain("altered outside this host"));
    }

    [Test]
    public async Task Approval_OfAnOlderVersion_IsSealedOnceAndThenCounts(CancellationToken cancellationToken)
    {
        List<string> paid = [];
        AgentTool pay = AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, (string to) =>
        {
            paid.Add(to);
            return "paid";
        });
        await using GovernedRun governed = await GovernedRun.StartAsync(Ask, [ChatReplyCall.Of("pay", new { to = "bob" })],
            [pay]);
        Run run = await governed.Host.SubmitAsync();
        Approval asked = await governed.ApprovalOfAsync(run.Id, cancellationToken);
        IRecordStore file = governed.Host.Get<SqliteEngine>().Records;
        StoredRecord record = (await file.GetAsync($"approvals/{asked.Id}", cancellationToken))!;
        string json = Encoding.UTF8.GetString(record.Value.Span);
        await file.PutAsync(record.Key,
            Encoding.UTF8.GetBytes(json[..json.LastIndexOf(",\"seal\"", StringComparison.Ordinal)] + "}"), default,
            cancellationToken);
        await file.DeleteAsync("tree-keys/approvals-adopted", default, cancellationToken);
        await governed.Host.RestartAsync();

        await governed.Desk.DecideAsync(asked.Id, Lead, true, null, null, cancellationToken);
        run = await governed.Host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        Assert.That(paid, Is.EqualTo((string[])["bob"]));
    }
}

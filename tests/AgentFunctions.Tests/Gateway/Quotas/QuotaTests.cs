using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Options;
using AgentFunctions.Gateway.Quotas;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AgentFunctions.Tests.Gateway.Quotas;

[CancelAfter(300_000)]
internal sealed class QuotaTests
{
    private static readonly Caller Anna = new("key:anna") { Roles = [CallerRoles.Submitter] };
    private static readonly Caller Ben = new("key:ben") { Roles = [CallerRoles.Submitter] };

    [Test]
    public async Task Submit_CallerGivesUpOnceItIsCounted_CountsForNoRun()
    {
        using var caller = new LeavingCaller("quotas/") { IsAboutToLeave = true };
        await using RunHost host = await RunHost.StartAsync(
            caller.Install, _ => ChatReply.Say("done"), null, null, ("Gateway:Quotas:0:Name", "one-a-day"),
            ("Gateway:Quotas:0:Caller", "*"), ("Gateway:Quotas:0:Runs", "1"));
        var request = new RunRequest { Goal = "Go." };

        Assert.That(
            () => host.Gateway.SubmitAsync(request, Anna, cancellationToken: caller.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Run run = await host.Gateway.SubmitAsync(request, Anna);

        Assert.That((await host.Reader.WaitForEndAsync(run.Id)).Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(() => host.Gateway.SubmitAsync(request, Anna),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.QuotaExceeded));
    }

    [Test]
    public async Task Submit_RunsOfTheCallerUsedUp_RefusesNamingTheRuleAlsoAfterARestart()
    {
        await using RunHost host = await RunHost.StartAsync(
            _ => ChatReply.Say("done"), null, null, ("Gateway:Quotas:0:Name", "two-a-day"), ("Gateway:Quotas:0:Caller", "*"),
            ("Gateway:Quotas:0:Runs", "2"));
        var request = new RunRequest { Goal = "Go." };
        Run first = await host.Gateway.SubmitAsync(request, Anna, "key-1");
        await host.Gateway.SubmitAsync(request, Anna);
        await host.RestartAsync();

        AgentException refusal = Assert.ThrowsAsync<AgentException>(() => host.Gateway.SubmitAsync(request, Anna))!;

        Assert.That((refusal.Code, refusal.Message), Is.EqualTo((ErrorCode.QuotaExceeded, refusal.Message)));
        Assert.That(refusal.Message, Does.Contain("'two-a-day'").And.Contain("2 runs a day").And.Contain("caller key:anna"));
        Assert.That(refusal.RetryAfter, Is.GreaterThan(TimeSpan.Zero).And.LessThanOrEqualTo(TimeSpan.FromDays(1)));
        Assert.That((await host.Gateway.SubmitAsync(request, Anna, "key-1")).Id, Is.EqualTo(first.Id),
            "a repeated submission is no other run");
        Assert.That((await host.Gateway.SubmitAsync(request, Ben)).Id, Is.Not.Null, "each caller has its own");
    }

    [Test]
    public async Task Submit_OneOfTwoQuotasUsedUp_CountsNothingOnTheOther()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 5, 6, 12, 0, 0, TimeSpan.Zero));
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say("done"));
        QuotaMeter meter = MeterOf(
            host, time, new QuotaOptions { Name = "caller", Caller = "*", Runs = 3 },
            new QuotaOptions { Name = "team", Label = "team", Per = QuotaWindow.Hour, Runs = 1 });

        Assert.That(await meter.SubmitAsync(RunOf("r1", "red"), default), Is.Null);
        Assert.That((await meter.SubmitAsync(RunOf("r2", "red"), default))?.Rule, Is.EqualTo("team"));
        Assert.That(await meter.SubmitAsync(RunOf("r3", "blue"), default), Is.Null, "each value of a label has its own");
        Assert.That(await meter.SubmitAsync(RunOf("r4", null), default), Is.Null, "the refused one was not counted");
        Assert.That((await meter.SubmitAsync(RunOf("r5", null), default))?.Rule, Is.EqualTo("caller"));
        time.Advance(TimeSpan.FromHours(1));
        Assert.That((await meter.SubmitAsync(RunOf("r6", "red"), default))?.Rule, Is.EqualTo("caller"),
            "the hour is over, the day is not");
        time.Advance(TimeSpan.FromDays(1));
        Assert.That(await meter.SubmitAsync(RunOf("r7", "red"), default), Is.Null);
    }

    [Test]
    public async Task Count_ManyCallsAtOnceFromTwoHostsEachTwice_CountsEachOnce()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 5, 6, 12, 0, 0, TimeSpan.Zero));
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say("done"));
        var quota = new QuotaOptions { Name = "tokens", Caller = "*", Tokens = 6_000 };
        QuotaMeter[] meters = [MeterOf(host, time, quota), MeterOf(host, time, quota)];

        await Task.WhenAll(Enumerable.Range(0, 100).SelectMany(run => meters.Select(async meter =>
        {
            for (int call = 1; call <= 3; call++)
            {
                await meter.CountAsync(RunOf($"run{run}", null), call, 2, new TokenUsage(15, 5), default);
            }
        })));

        StoredRecord record = await OnlyBookAsync(host);
        QuotaState book = System.Text.Json.JsonSerializer.Deserialize(record.Value.Span, QuotasJsonContext.Default.QuotaState)!;
        Assert.That((book.Tokens, book.Steps), Is.EqualTo((6_000, 600)));
        AgentException over =
            Assert.ThrowsAsync<AgentException>(async () => await MeterOf(host, time, quota)
                .EnsureAsync(RunOf("other", null), default))!;
        Assert.That(over.RetryAfter, Is.EqualTo(TimeSpan.FromHours(12)), "it is noon");
    }

    [Test]
    public async Task Run_TokensUsedUpWhileAtWork_WaitsForTheNextWindowAndNamesNoError(CancellationToken cancellationToken)
    {
        await using RunHost host = await RunHost.StartAsync(
            request => request.Turn == 0
                ? ChatReply.Call("echo", new { text = "x" }) with { Usage = new(900, 100) }
                : ChatReply.Say("done"),
            [AgentTool.Create("echo", "Repeats a text.", ToolEffect.None, (string text) => text)], null,
            ("Gateway:Quotas:0:Name", "tokens"), ("Gateway:Quotas:0:Label", "team=red"), ("Gateway:Quotas:0:Tokens", "1000"),
            ("Gateway:Quotas:0:Per", "Hour"));

        Run run = await host.SubmitAsync("Go.", new() { Labels = new Dictionary<string, string> { ["team"] = "red" } });
        run = await host.UntilAsync(run.Id, static run => run.Status == RunStatus.Waiting, cancellationToken);
        Assert.That(run.WaitingFor!.Until,
            Is.GreaterThan(DateTimeOffset.UtcNow).And.LessThan(DateTimeOffset.UtcNow.AddHours(1.01)));
        Assert.That((run.Steps, host.Model.Count), Is.EqualTo((2, 1)), "the second call was not made");
        Assert.That(
            () => host.SubmitAsync("Go.", new() { Labels = new Dictionary<string, string> { ["team"] = "red" } }),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.QuotaExceeded));
        Assert.That((await host.RunAsync("Go.", new() { Labels = new Dictionary<string, string> { ["team"] = "blue" } })).Status,
            Is.EqualTo(RunStatus.Completed));
        await host.Steering.CancelAsync(run.Id, cancellationToken: cancellationToken);
        await host.Reader.WaitForEndAsync(run.Id, cancellationToken);
    }

    [TestCase("Gateway:Quotas:0:Tokns", "5", "Tokns")]
    [TestCase("Gateway:Quotas:0:Tokens", "0", "Gateway:Quotas:0:Tokens")]
    [TestCase("Gateway:Quotas:0:Label", "x", "Gateway:Quotas:0:Caller")]
    [TestCase("Gateway:Quotas:0:Name", "a b", "Gateway:Quotas:0:Name")]
    [TestCase("Gateway:Concurrency:PerCaller", "0", "Gateway:Concurrency:PerCaller")]
    [TestCase("Gateway:Concurrency:Labels:0:Runs", "1", "Gateway:Concurrency:Labels:0:Label")]
    [TestCase("Gateway:Access:0:Name", "x", "Gateway:Access:0:Callers")]
    [TestCase("Gateway:Goals:0:Class", "x", "Gateway:Goals:0:Words")]
    public void Start_SettingIsWrong_NamesTheField(string key, string value, string field) => Assert.That(
        async () => await RunHost.StartAsync(
            _ => ChatReply.Say("done"), null, null,
            [.. new Dictionary<string, string>
            {
                ["Gateway:Quotas:0:Name"] = "q", ["Gateway:Quotas:0:Caller"] = "*", ["Gateway:Quotas:0:Runs"] = "1",
                [key] = value,
            }.Select(pair => (pair.Key, pair.Value))]),
        Throws.Exception.With.Message.Contains(field));

    private static QuotaMeter MeterOf(RunHost host, TimeProvider time, params QuotaOptions[] quotas)
    {
        var options = new GatewayOptions();
        foreach (QuotaOptions quota in quotas)
        {
            options.Quotas.Add(quota);
        }

        return new QuotaMeter(Options.Create(options), host.Get<IRecordStore>(), time);
    }

    private static RunRecord RunOf(string id, string? team) => new()
    {
        Id = id,
        Agent = "worker",
        DefinitionHash = "",
        Model = "test",
        Goal = "Go.",
        CreatedAt = default,
        Requester = "key:anna",
        Labels = team is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["team"] = team },
    };

    private static async Task<StoredRecord> OnlyBookAsync(RunHost host)
    {
        await foreach (StoredRecord record in host.Get<IRecordStore>().ListAsync("quotas/"))
        {
            return record;
        }

        throw new AssertionException("nothing was counted");
    }
}

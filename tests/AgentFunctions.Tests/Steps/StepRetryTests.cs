using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Steps;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Tests.Steps;

/// <summary>A step that fails and is tried again is seen: in the journal, in the log, and in what the run waits for.</summary>
internal sealed class StepRetryTests
{
    [Test]
    public async Task ModelUnreachable_IsTold_InWordsWithTheNextTime()
    {
        var log = new LogLines();
        await using RunHost host = await RunHost.StartAsync(
            services => services.AddLogging(logging => logging.AddProvider(log)), static _ => ChatReply.Say("never"), null, null,
            ("Models:test:Endpoint", "http://127.0.0.1:1/v1"), ("Models:test:MaxRetries", "1"));
        Run run = await host.SubmitAsync();

        JournalEvent told = await RetryAsync(host, run.Id);
        Run waiting = await host.UntilAsync(run.Id, static run => run.WaitingFor is not null);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(told.Text, Does.Contain("test").And.Contain("refused"));
            Assert.That((told.Turn, told.Attempt, told.IsError), Is.EqualTo((1, 1, true)));
            Assert.That(told.Until, Is.GreaterThanOrEqualTo(told.At));
            Assert.That(waiting.Status, Is.EqualTo(RunStatus.Waiting));
            Assert.That(waiting.WaitingFor!.Kind, Is.EqualTo("modelUnavailable"));
            Assert.That(waiting.WaitingFor.Message, Does.Contain("refused"));
            Assert.That(waiting.WaitingFor.Until, Is.Not.Null);
            Assert.That(waiting.Waits, Is.EqualTo(new[] { waiting.WaitingFor }));
            Assert.That(log.All, Has.Some.Contains(run.Id).And.Contain("CallModel").And.Contain("tried again"));
        }

        await host.Steering.CancelAsync(run.Id, "local", "done");
        await host.Reader.WaitForEndAsync(run.Id);
    }

    [Test]
    public async Task SameFailureAgainAndAgain_IsTold_AtTheFirstSecondFourthAndEighth()
    {
        await using RunHost host = await RunHost.StartAsync(
            static request => request.Index < 9
                ? new ChatReply
                {
                    Status = 503,
                    RawBody = $$$"""{"error":{"message":"overloaded, request req_{{{request.Index}}}7"}}"""
                }
                : ChatReply.Say("there"),
            settings: [("Models:test:MaxRetries", "10"), ("Models:test:CircuitBreakerThroughput", "1000")]);
        Run run = await host.RunAsync();

        JournalEvent[] told = [.. (await host.JournalAsync(run.Id)).Where(static e => e.Type == JournalEventTypes.StepRetrying)];
        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(told.Select(static e => e.Attempt), Is.EqualTo(new int?[] { 1, 2, 4, 8 }));
        Assert.That(run.Waits, Is.Empty);
    }

    [Test]
    public async Task ProviderAsksToWait_TheRunWaits_WithItsWords()
    {
        await using RunHost host = await RunHost.StartAsync(
            static _ => new ChatReply
            {
                Status = 429,
                RawBody = """{"error":{"message":"too many requests of this team"}}""",
                Headers = new Dictionary<string, string> { ["Retry-After"] = "3600" },
            },
            settings: ("Models:test:MaxRetryAfter", "00:00:01"));
        Run run = await host.SubmitAsync();

        await RetryAsync(host, run.Id);
        Run waiting = await host.UntilAsync(run.Id, static run => run.WaitingFor?.Message is not null);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(waiting.WaitingFor!.Kind, Is.EqualTo("modelCapacity"));
            Assert.That(waiting.WaitingFor.Message, Does.Contain("too many requests of this team"));
            Assert.That(waiting.WaitingFor.Until, Is.GreaterThan(waiting.CreatedAt + TimeSpan.FromMinutes(50)));
            Assert.That((await host.JournalAsync(run.Id)).Count(static e => e.Type == JournalEventTypes.StepRetrying),
                Is.EqualTo(1));
        }

        await host.Steering.CancelAsync(run.Id, "local", "done");
        await host.Reader.WaitForEndAsync(run.Id);
    }

    [Test]
    [CancelAfter(300_000)]
    public async Task StepThatItsHostEndsForTakingTooLong_IsTold(CancellationToken cancellationToken)
    {
        await using RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("there"));
        Run run = await host.RunAsync();
        using var late = new CancellationTokenSource();
        var step = new ActivityContext(run.Id, StepNames.CallModel, 1, late.Token) { Overdue = late.Token };

        Assert.That(
            () => host.Get<StepRetries>().RunAsync<bool>(step, run.Id, 2, null, async () =>
            {
                await late.CancelAsync();
                throw new OperationCanceledException(late.Token);
            }),
            Throws.InstanceOf<OperationCanceledException>());

        JournalEvent told = (await host.JournalAsync(run.Id)).Single(static e => e.Type == JournalEventTypes.StepRetrying);
        Assert.That((told.Turn, told.Attempt), Is.EqualTo((2, 1)));
        Assert.That(told.Text, Does.Contain("longer than this host lets a step take"));
    }

    [Test]
    public async Task CallbackNobodyTakes_TheRunHasEnded_AndTheDeliveryIsSeenToBeTriedAgain()
    {
        int port = 1;
        await using RunHost host = await RunHost.StartAsync(
            static _ => ChatReply.Say("there"), settings: ("Governance:Network:Allow:0", $"127.0.0.1:{port}"));
        Run run = await host.RunAsync("Work.",
            new RunRequest { CallbackUrl = $"http://user:secret@127.0.0.1:{port}/told?key=secret" });
        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));

        JournalEvent told = await RetryAsync(host, run.Id);
        Assert.That(told.Text, Does.StartWith($"The callback to 127.0.0.1:{port} failed").And.Not.Contain("secret"));
        Assert.That(told.Until, Is.GreaterThan(told.At));
        Assert.That((await host.Reader.GetAsync(run.Id)).Status, Is.EqualTo(RunStatus.Completed));
    }

    private static Task<JournalEvent> RetryAsync(RunHost host, string runId) =>
        host.EventAsync(runId, static e => e.Type == JournalEventTypes.StepRetrying);
}

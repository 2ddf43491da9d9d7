using System.Diagnostics.Metrics;
using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Erasure;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;

namespace AgentFunctions.Tests.Governance.Questions;

/// <summary>What is left behind of an answer: one entry, one steerer, and nothing once the run is erased.</summary>
[NonParallelizable]
[CancelAfter(300_000)]
internal sealed class AnswerRecordsTests
{
    private static readonly Caller[] Approvers = [.. Enumerable.Range(0, 6)
        .Select(static number => new Caller($"user:{number}") { Roles = ["approver"] })];

    [Test]
    public async Task Answer_ManyAtOnce_OneIsFirstWrittenDownOnceAndAloneASteerer(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(wait: true);
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, run.Id, cancellationToken);

        string?[] winners = await Task.WhenAll(Approvers.Select(caller => Task.Run(() => TryAnswerAsync(host, asked.Id, caller,
            cancellationToken))));
        await host.Reader.WaitForEndAsync(run.Id, cancellationToken);

        string winner = winners.OfType<string>().Single();
        Assert.That(await EndsAsync(host, asked, cancellationToken), Is.EqualTo(new[] { (AuditTypes.QuestionAnswered, winner) }));
        Assert.That(await host.Get<RunSteerers>().OfAsync(run.Id, cancellationToken), Is.EqualTo(new[] { winner }));
    }

    [Test]
    public async Task Ended_WrittenDownByManyAtOnce_StandsOnce(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(wait: true);
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, run.Id, cancellationToken);
        Question ended = asked with
        {
            State = QuestionState.Declined,
            By = "user:bo",
            Words = "no",
            EndedAt = DateTimeOffset.UtcNow
        };

        bool[] news = await Task.WhenAll(Enumerable.Range(0, 12)
            .Select(_ => Task.Run(() => host.Get<QuestionRecords>().EndedAsync(ended, cancellationToken))));

        Assert.That(news.Count(static isNews => isNews), Is.EqualTo(1));
        Assert.That(await EndsAsync(host, asked, cancellationToken),
            Is.EqualTo(new[] { (AuditTypes.QuestionDeclined, "user:bo") }));
        Assert.That((await host.JournalAsync(run.Id)).Count(static happened => happened.Type == JournalEventTypes.QuestionDeclined), Is.EqualTo(1));
        Assert.That((await host.Get<AuditLog>().VerifyAsync(cancellationToken)).Problem, Is.Null);
    }

    [Test]
    public async Task Waiting_AQuestion_CountsAsTheOldestThatPeopleAreAsked(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(wait: true);
        Run run = await host.SubmitAsync();
        Question asked = await PendingAsync(host, run.Id, cancellationToken);
        double oldest = 0;
        using var meter = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) => Enable(instrument,
            listener)
        };
        meter.SetMeasurementEventCallback<double>((instrument, value, _,
            _) => oldest = instrument.Name == "agentfunctions.approval.oldest" ? Math.Max(value, oldest) : oldest);
        meter.Start();

        await host.Get<WaitingTimes>().MeasureAsync(cancellationToken);

        Assert.That(oldest, Is.Positive, "it waits since " + asked.CreatedAt);

        static void Enable(Instrument instrument, MeterListener listener)
        {
            if (instrument.Meter.Name == "AgentFunctions")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        }
    }

    [Test]
    public async Task Erase_OfARunThatAskedWithoutWaiting_TakesWhatWaitedForTheAnswerAlong([Values] bool contentOnly,
        CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync(wait: false);
        Run run = await host.RunAsync();
        string waiter = (await host.Get<QuestionService>().ListOfRunAsync(run.Id, null, cancellationToken)).Single().WaiterId;
        IOrchestrationClient orchestrations = host.Get<IOrchestrationClient>();
        Assert.That(await orchestrations.GetAsync(waiter, false, cancellationToken), Is.Not.Null);

        if (contentOnly)
        {
            await host.Get<RunErasure>().ScheduleAsync(run.Id, ErasePhases.OfContent, "short", cancellationToken);
        }
        else
        {
            await host.Get<RunErasure>().EraseAsync(new EraseRequest(run.Id, "asked for"), Caller.Local, cancellationToken);
        }

        OrchestrationState state = await orchestrations.WaitForCompletionAsync(EraseFlow.InstanceIdOf(run.Id), cancellationToken);

        Assert.That(state.Status, Is.EqualTo(OrchestrationStatus.Completed), state.Failure?.Message);
        Assert.That(await orchestrations.GetAsync(waiter, false, cancellationToken), Is.Null);
    }

    private static async Task<string?> TryAnswerAsync(RunHost host, string id, Caller caller, CancellationToken cancellationToken)
    {
        try
        {
            await host.Get<QuestionService>()
                .AnswerAsync(id, caller, JsonElement.Parse($$"""{"answer":"{{caller.Id}}"}"""), cancellationToken);
            return caller.Id;
        }
        catch (AgentException e) when (e.Code == ErrorCode.QuestionStateForbids)
        {
            return null;
        }
    }

    private static async Task<(string Type, string? By)[]> EndsAsync(RunHost host, Question asked,
        CancellationToken cancellationToken) =>
    [
        .. (await host.Get<AuditLog>().ReadAsync(asked.RunId, cancellationToken: cancellationToken)
            .ToListAsync(cancellationToken))
            .Where(entry => entry.QuestionId == asked.Id
                && entry.Type is not (AuditTypes.QuestionAsked or AuditTypes.QuestionTold))
            .Select(static entry => (entry.Type, entry.Actor)),
    ];

    private static Task<Question> PendingAsync(RunHost host, string runId, CancellationToken cancellationToken) => Poll.ForAsync(
        async () => (await host.Get<QuestionService>()
            .ListPendingAsync(null, cancellationToken)).FirstOrDefault(question => question.RunId == runId), cancellationToken);

    private static Task<RunHost> StartAsync(bool wait) => RunHost.StartAsync(
        request => request.Turn == 0 ? ChatReply.Call("ask_person", new { question = "Which?", wait }) : ChatReply.Say("done"),
        null, static agent => agent.WithTools("ask_person"));
}

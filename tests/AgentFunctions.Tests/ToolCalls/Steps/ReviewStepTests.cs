using System.Text.Json;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Reviews;
using AgentFunctions.ToolCalls;

namespace AgentFunctions.Tests.ToolCalls.Steps;

[CancelAfter(300_000)]
internal sealed class ReviewStepTests
{
    [Test]
    public async Task Room_QueueIsFull_WaitsBeforeAnybodyIsAsked()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(settings: BenchCalls.OneReview);
        ToolCallState state = await bench.ResolvedAsync();
        await FillAsync(bench, state);
        var next = new FakeNext();

        CallOutcome outcome = await bench.PassAsync<ReviewRoomStep>(state, next);

        Assert.That((next.Calls, ((CallOutcome.Waiting)outcome).For.Id), Is.EqualTo((0, "team=red")));
        Assert.That((await BookAsync(bench)).Waiting, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Room_CallIsRefused_LeavesItsPlaceToOthers()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(settings: BenchCalls.OneReview);
        ToolCallState state = await bench.ResolvedAsync();
        await FillAsync(bench, state);
        await bench.PassAsync<ReviewRoomStep>(state, new FakeNext());
        await bench.Get<ReviewStateStore>()
            .ChangeAsync("team=red", static book => (book with { Open = [] }, true), CancellationToken.None);

        await bench.PassAsync<ReviewRoomStep>(state, new FakeNext((refused, _) => Task.FromResult(
            CallRefusal.Of(refused, new PolicyDecision(PolicyVerdict.Deny, "never", "hash"), ErrorCode.PolicyDenied))));

        ReviewState book = await BookAsync(bench);
        Assert.That((book.Waiting.Count, book.Open.Count), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task Entry_ThereIsRoom_TakesIt()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(settings: BenchCalls.OneReview);
        var next = new FakeNext();

        await bench.PassAsync<ReviewEntryStep>(await bench.AllowedAsync(), next);

        Assert.That((next.Calls, (await BookAsync(bench)).Open.Single().Arguments), Is.EqualTo((1, """{"amount":5}""")));
    }

    [Test]
    public async Task Entry_OthersWereQuicker_WaitsAfterAll()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(settings: BenchCalls.OneReview);
        ToolCallState state = await bench.AllowedAsync();
        await FillAsync(bench, state);
        var next = new FakeNext();

        CallOutcome outcome = await bench.PassAsync<ReviewEntryStep>(state, next);

        Assert.That((next.Calls, outcome), Is.EqualTo((0, outcome as CallOutcome.Waiting)));
    }

    [Test]
    public async Task Steps_ToolHasNoEffect_AreNotConcerned()
    {
        await using ToolCallBench bench = await BenchCalls.StartAsync(effect: ToolEffect.None, settings: BenchCalls.OneReview);
        ToolCallState state = await bench.AllowedAsync();
        await FillAsync(bench, state);
        var next = new FakeNext();

        await bench.PassAsync<ReviewRoomStep>(state, next);
        await bench.PassAsync<ReviewEntryStep>(state, next);

        Assert.That(next.Calls, Is.EqualTo(2));
    }

    private static Task FillAsync(ToolCallBench bench, ToolCallState state) => bench.Get<ReviewAdmission>().TakeAsync(
        state.Request.Run, new("other", 1, 0), "pay", "anna", JsonElement.Parse("{}"), CancellationToken.None);

    private static async Task<ReviewState> BookAsync(ToolCallBench bench) =>
        (await bench.Get<ReviewStateStore>().ListAsync(CancellationToken.None)).SingleOrDefault() ?? new ReviewState();
}

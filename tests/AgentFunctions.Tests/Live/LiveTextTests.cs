using AgentFunctions.Governance.Redaction;
using AgentFunctions.Live;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.Live;

/// <summary>What is made of the pieces of an answer.</summary>
[CancelAfter(300_000)]
internal sealed class LiveTextTests
{
    private const string Run = "run";

    [Test]
    public void Add_WhereNobodyFollows_MakesNoFrameAsksTheStoreOnceAndTakesNextToNoMemory()
    {
        const int Calls = 100;
        const int Pieces = 500;
        var store = new CountingStore(new MemoryLiveStore());
        LivePublisher publisher = Publisher(store);
        var piece = new ChatResponseUpdate(ChatRole.Assistant, "text");
        void Call()
        {
            LiveText text = publisher.Begin(Run, 1, "model")!;
            for (int i = 0; i < Pieces; i++)
            {
                text.Add(piece);
            }

            text.End(LiveEnd.Completed);
        }

        Call();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Calls; i++)
        {
            Call();
        }

        long bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / Calls;
        Assert.That(store.Published, Is.Zero);
        Assert.That(store.Asked, Is.EqualTo(Calls + 1));
        // A step of a run takes some 175,000 bytes: with pieces that come in tens, the places for them and all else are less than
        // a hundredth.
        Assert.That(bytes, Is.LessThan(1_600 + (24 * Pieces)));
        TestContext.Out.WriteLine($"{bytes} bytes a call of {Pieces} pieces");
    }

    [Test]
    public async Task Add_ASecretBecomesKnownInMidCall_IsSaidAnew()
    {
        var redactor = new Redactor();
        var store = new MemoryLiveStore();
        LiveText text = Publisher(store, redactor).Begin(Run, 1, "model")!;
        await using IAsyncEnumerator<LiveFrame> frames = store.FollowAsync(Run, TestContext.CurrentContext.CancellationToken)
            .GetAsyncEnumerator();
        text.Add(new ChatResponseUpdate(ChatRole.Assistant, "It is later-known, you see. "));
        LiveAnswer shown = await UntilAsync(frames,
            static answer => answer.Text.Text.Contains("later-known", StringComparison.Ordinal));
        Assert.That(shown.Revision, Is.Zero);

        redactor.Add("late", "later-known");
        text.Add(new ChatResponseUpdate(ChatRole.Assistant, "More of it. "));
        shown = await UntilAsync(frames, static answer => answer.Revision > 0);

        Assert.That(shown.RevisedFor, Is.EqualTo("redaction"));
        Assert.That(shown.Text.Text, Does.StartWith("It is [secret:late], you see. "));
        text.End(LiveEnd.Completed);
    }

    [Test]
    public async Task Add_ASecretThatWasNotShownBecomesKnown_TakesNothingBack()
    {
        var redactor = new Redactor();
        var store = new MemoryLiveStore();
        LiveText text = Publisher(store, redactor).Begin(Run, 1, "model")!;
        await using IAsyncEnumerator<LiveFrame> frames = store.FollowAsync(Run, TestContext.CurrentContext.CancellationToken)
            .GetAsyncEnumerator();
        text.Add(new ChatResponseUpdate(ChatRole.Assistant, "Words. "));
        await UntilAsync(frames, static answer => answer.Text.End > 0);
        redactor.Add("other", "never-said-before");
        text.Add(new ChatResponseUpdate(ChatRole.Assistant, "More words. "));

        Assert.That((await UntilAsync(frames, static answer => answer.Text.End > 10)).Revision, Is.Zero);
        text.End(LiveEnd.Completed);
    }

    [TestCase("<think>First I think.</think>\nThen I speak.", "Then I speak.", "First I think.")]
    [TestCase("Only words with <b>marks</b> in them.", "Only words with <b>marks</b> in them.", "")]
    [TestCase("<|channel|>analysis<|message|>So.<|end|><|start|>assistant<|channel|>final<|message|>Said.", "Said.", null)]
    public async Task Add_ThoughtsWithinTheText_AreNoWords(string answer, string words, string? thoughts)
    {
        var store = new MemoryLiveStore();
        LiveText text = Publisher(store, interval: TimeSpan.FromMinutes(1)).Begin(Run, 1, "model")!;
        await using IAsyncEnumerator<LiveFrame> frames = store.FollowAsync(Run, TestContext.CurrentContext.CancellationToken)
            .GetAsyncEnumerator();
        await frames.MoveNextAsync();
        List<string> shown = [];
        foreach (char c in answer)
        {
            text.Add(new ChatResponseUpdate(ChatRole.Assistant, c.ToString()));
            shown.Add(text.Take()?.Answer!.Text.Text ?? "");
        }

        text.End(LiveEnd.Completed);
        LiveAnswer last = await UntilAsync(frames, static answer => answer.Ended is not null);
        Assert.That(last.Text.Text, Is.EqualTo(words));
        Assert.That(last.Reasoning.Text, thoughts is null ? Is.Not.Empty : Is.EqualTo(thoughts));
        Assert.That(last.Revision, Is.Zero);
        Assert.That(shown.Where(one => !words.StartsWith(one, StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public async Task Add_AThoughtWhoseBeginningIsNotMarked_IsTakenBack()
    {
        var store = new MemoryLiveStore();
        LiveText text = Publisher(store).Begin(Run, 1, "model")!;
        await using IAsyncEnumerator<LiveFrame> frames = store.FollowAsync(Run, TestContext.CurrentContext.CancellationToken)
            .GetAsyncEnumerator();
        text.Add(new ChatResponseUpdate(ChatRole.Assistant, "It could be four. "));
        await UntilAsync(frames, static answer => answer.Text.End > 0);
        text.Add(new ChatResponseUpdate(ChatRole.Assistant, "</think>It is five."));
        text.End(LiveEnd.Completed);
        LiveAnswer last = await UntilAsync(frames, static answer => answer.Ended is not null);

        Assert.That((last.Text.Text, last.Reasoning.Text, last.RevisedFor),
            Is.EqualTo(("It is five.", "It could be four.", "thoughts")));
    }

    [Test]
    public async Task Follow_AgainWhileTheModelIsSilent_ShowsWhatItSaidBefore()
    {
        var store = new MemoryLiveStore();
        LiveText text = Publisher(store).Begin(Run, 1, "model")!;
        text.Add(new ChatResponseUpdate(ChatRole.Assistant, "Before the silence. "));
        for (int i = 0; i < 20; i++)
        {
            await using IAsyncEnumerator<LiveFrame> frames = store.FollowAsync(Run, TestContext.CurrentContext.CancellationToken)
                .GetAsyncEnumerator();
            Assert.That((await UntilAsync(frames, static answer => answer.Text.End > 0)).Text.Text,
                Is.EqualTo("Before the silence. "));
        }

        text.End(LiveEnd.Completed);
    }

    [Test]
    public async Task Follow_WhileNothingIsNew_IsShownNothingTwice()
    {
        var store = new MemoryLiveStore();
        LiveFrame answer = new LiveFrame
        {
            RunId = Run,
            Turn = 1,
            Answer = new LiveAnswer { Delivery = "a", StartedAt = DateTimeOffset.UnixEpoch, Model = "m" },
        };
        await using IAsyncEnumerator<LiveFrame> frames = store.FollowAsync(Run, TestContext.CurrentContext.CancellationToken)
            .GetAsyncEnumerator();
        ValueTask<bool> first = frames.MoveNextAsync();
        store.Publish(answer);
        await first;
        ValueTask<bool> next = frames.MoveNextAsync();
        store.Publish(answer);
        store.Publish(answer with { Answer = answer.Answer! with { Revision = 0 } });
        Assert.That(next.IsCompleted, Is.False);

        store.Publish(answer with { Answer = answer.Answer! with { Revision = 1 } });
        await next;
        Assert.That(frames.Current.Answer!.Revision, Is.EqualTo(1));
    }

    [Test]
    public async Task Follow_ByOneWhoIsSlow_SeesTheNewestFrameAlone()
    {
        var store = new MemoryLiveStore();
        await using IAsyncEnumerator<LiveFrame> frames = store.FollowAsync(Run, TestContext.CurrentContext.CancellationToken)
            .GetAsyncEnumerator();
        ValueTask<bool> first = frames.MoveNextAsync();
        for (int i = 0; i < 1_000; i++)
        {
            Assert.That(store.Publish(new LiveFrame { RunId = Run, Turn = i }), Is.True);
        }

        int seen = 1;
        await first;
        while (frames.Current.Turn != 999)
        {
            await frames.MoveNextAsync();
            seen++;
        }

        Assert.That(seen, Is.LessThan(1_000));
        await frames.DisposeAsync();
        Assert.That(store.Publish(new LiveFrame { RunId = Run, Turn = 1 }), Is.False, "nobody follows any more");
    }

    private static LivePublisher Publisher(ILiveStore store, Redactor? redactor = null, TimeSpan? interval = null) => new(
        store, Options.Create(new LiveOptions { Interval = interval ?? TimeSpan.FromMilliseconds(10) }),
        redactor ?? new Redactor(), TimeProvider.System);

    private static async Task<LiveAnswer> UntilAsync(IAsyncEnumerator<LiveFrame> frames, Func<LiveAnswer, bool> isIt)
    {
        do
        {
            Assert.That(await frames.MoveNextAsync(), Is.True);
        }
        while (!isIt(frames.Current.Answer!));
        return frames.Current.Answer!;
    }

    private sealed class CountingStore(ILiveStore inner) : ILiveStore
    {
        public int Published { get; private set; }

        public int Asked { get; private set; }

        public bool Publish(LiveFrame frame)
        {
            Published++;
            return inner.Publish(frame);
        }

        public IAsyncEnumerable<LiveFrame> FollowAsync(string runId, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task WantedAsync(string runId, CancellationToken cancellationToken = default)
        {
            Asked++;
            return inner.WantedAsync(runId, cancellationToken);
        }
    }
}

using System.Collections.Concurrent;
using AgentFunctions.Live;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.Live;

/// <summary>What every store of frames does, for a publisher and followers that share it or what is behind it.</summary>
[TestFixture(false)]
[TestFixture(true)]
[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class LiveStoreTests
{
    private const string Run = "run";

    private readonly VirtualTime _time = new(DateTimeOffset.UnixEpoch);
    private readonly CountedRecords _records = new();
    private readonly ILiveStore _publisher;
    private readonly ILiveStore _follower;

    /// <summary>Creates the two sides.</summary>
    /// <param name="isShared">Whether they are two processes with one record store.</param>
    public LiveStoreTests(bool isShared)
    {
        IsShared = isShared;
        _publisher = isShared ? Shared() : new MemoryLiveStore();
        _follower = isShared ? Shared() : _publisher;
    }

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    private bool IsShared { get; }

    [Test]
    public async Task Publish_WhereNobodyFollows_SaysSoAndWritesNothing()
    {
        Task wanted = _publisher.WantedAsync(Run, Cancel);
        for (int i = 0; i < 12; i++)
        {
            Assert.That(_publisher.Publish(Frame("text")), Is.False);
            _time.Advance(TimeSpan.FromSeconds(5));
            await Poll.UntilAsync(() => !IsShared || _records.Reads >= i, Cancel);
        }

        Assert.That(wanted.IsCompleted, Is.False);
        Assert.That(_records.Writes, Is.Zero);
        Assert.That(_records.Reads, Is.LessThanOrEqualTo(IsShared ? 13 : 0), "a read each five seconds");
    }

    [Test]
    public async Task Follow_RunThatIsPublished_ShowsItsNewestFrame()
    {
        await using IAsyncEnumerator<LiveFrame> frames = _follower.FollowAsync(Run, Cancel).GetAsyncEnumerator(Cancel);
        Task<bool> next = frames.MoveNextAsync().AsTask();
        await WantedAsync();
        Assert.That(_publisher.Publish(Frame("one")), Is.True);
        Assert.That(_publisher.Publish(Frame("one, two")), Is.True);
        await UntilAsync(frames, next, "one, two");
    }

    [Test]
    public async Task Follow_ByASecondOneInASilence_ShowsWhatWasSaid()
    {
        await using IAsyncEnumerator<LiveFrame> first = _follower.FollowAsync(Run, Cancel).GetAsyncEnumerator(Cancel);
        Task<bool> next = first.MoveNextAsync().AsTask();
        await WantedAsync();
        _publisher.Publish(Frame("said"));
        await UntilAsync(first, next, "said");

        await using IAsyncEnumerator<LiveFrame> second = _follower.FollowAsync(Run, Cancel).GetAsyncEnumerator(Cancel);
        await UntilAsync(second, second.MoveNextAsync().AsTask(), "said");
    }

    [Test]
    public async Task Follow_AgainAfterALongPause_ShowsWhatWasSaidBefore()
    {
        await using (IAsyncEnumerator<LiveFrame> first = _follower.FollowAsync(Run, Cancel).GetAsyncEnumerator(Cancel))
        {
            await ShowAsync(first, Frame("said"));
        }

        await Poll.UntilAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(10));
                return !_publisher.Publish(Frame("said"));
            },
            Cancel, "nobody is there");
        await using IAsyncEnumerator<LiveFrame> second = _follower.FollowAsync(Run, Cancel).GetAsyncEnumerator(Cancel);
        await ShowAsync(second, Frame("said"));
    }

    [Test]
    public async Task Publish_TheSameFrameAgain_WritesNothing()
    {
        await using IAsyncEnumerator<LiveFrame> frames = _follower.FollowAsync(Run, Cancel).GetAsyncEnumerator(Cancel);
        LiveFrame frame = Frame("said");
        await ShowAsync(frames, frame);
        int writes = _records.FrameWrites;
        for (int i = 0; i < 10; i++)
        {
            Assert.That(_publisher.Publish(frame), Is.True);
            _time.Advance(TimeSpan.FromMilliseconds(500));
        }

        Assert.That(_records.FrameWrites, Is.EqualTo(writes));
    }

    [Test]
    public async Task Follow_WhenThePublisherIsGone_ShowsThatItsAnswerIsVoidAndThenTheNextOne()
    {
        Assume.That(IsShared, "memory is gone with its publisher");
        await using IAsyncEnumerator<LiveFrame> frames = _follower.FollowAsync(Run, Cancel).GetAsyncEnumerator(Cancel);
        LiveFrame last = await ShowAsync(frames, Frame("said by one that is killed"));
        Assert.That(last.Answer!.Ended, Is.Null);
        last = await UntilAsync(frames, frames.MoveNextAsync().AsTask(), null);
        Assert.That(last.Answer!.Ended, Is.EqualTo(LiveEnd.CutOff));

        RecordLiveStore other = Shared();
        await Poll.UntilEndAsync(other.WantedAsync(Run, Cancel), () => _time.Advance(TimeSpan.FromMilliseconds(500)), Cancel);
        other.Publish(Frame("said by the next", "b"));
        last = await UntilAsync(frames, frames.MoveNextAsync().AsTask(), "said by the next");
        Assert.That((last.Answer!.Attempt, last.Answer.Before), Is.EqualTo((2, (LiveEnd?)LiveEnd.CutOff)));
    }

    [Test]
    public async Task Follow_WhileThePublisherIsSilent_HearsOfItNowAndThen()
    {
        await using IAsyncEnumerator<LiveFrame> frames = _follower.FollowAsync(Run, Cancel).GetAsyncEnumerator(Cancel);
        LiveFrame frame = Frame("said");
        await ShowAsync(frames, frame);
        int writes = _records.FrameWrites;
        for (int i = 1; i <= 12; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            Assert.That(_publisher.Publish(frame), Is.True);
            await Poll.UntilAsync(() => !IsShared || _records.FrameWrites == writes + i, Cancel);
        }

        _publisher.Publish(Frame("said, and more"));
        LiveFrame last = await UntilAsync(frames, frames.MoveNextAsync().AsTask(), "said, and more");
        Assert.That(last.Answer, Has.Property(nameof(LiveAnswer.Ended)).Null.And.Property(nameof(LiveAnswer.Attempt)).EqualTo(1));
    }

    [Test]
    public async Task Publish_MoreThanARecordHolds_ShowsTheEndOfIt()
    {
        Assume.That(IsShared, "memory has no such limit");
        await using IAsyncEnumerator<LiveFrame> frames = _follower.FollowAsync(Run, Cancel).GetAsyncEnumerator(Cancel);
        Task<bool> next = frames.MoveNextAsync().AsTask();
        await WantedAsync();
        string text = new string('ü', 300_000) + "end";
        _publisher.Publish(Frame(text));
        LiveFrame shown = await UntilAsync(frames, next, null);

        Assert.That(shown.Answer!.Text.End, Is.EqualTo(text.Length));
        Assert.That(text, Does.EndWith(shown.Answer.Text.Text));
    }

    [Test]
    public async Task Follow_WhileTheStoreFails_GoesOnOnceItIsBack()
    {
        _records.IsDown = true;
        await using IAsyncEnumerator<LiveFrame> frames = _follower.FollowAsync(Run, Cancel).GetAsyncEnumerator(Cancel);
        Task<bool> next = frames.MoveNextAsync().AsTask();
        Task wanted = _publisher.WantedAsync(Run, Cancel);
        _time.Advance(TimeSpan.FromSeconds(30));
        _records.IsDown = false;
        await Poll.UntilEndAsync(wanted, () => _time.Advance(TimeSpan.FromSeconds(1)), Cancel);
        _publisher.Publish(Frame("said"));
        await UntilAsync(frames, next, "said");
    }

    private async Task WantedAsync() =>
        await Poll.UntilEndAsync(_publisher.WantedAsync(Run, Cancel), () => _time.Advance(TimeSpan.FromMilliseconds(500)),
            Cancel);

    /// <summary>Begins to follow, publishes a frame once the publisher knows of it, and waits until it is shown.</summary>
    private async Task<LiveFrame> ShowAsync(IAsyncEnumerator<LiveFrame> frames, LiveFrame frame)
    {
        Task<bool> next = frames.MoveNextAsync().AsTask();
        await WantedAsync();
        _publisher.Publish(frame);
        return await UntilAsync(frames, next, frame.Answer!.Text.Text);
    }

    private async Task<LiveFrame> UntilAsync(IAsyncEnumerator<LiveFrame> frames, Task<bool> next, string? text)
    {
        while (true)
        {
            await Poll.UntilEndAsync(next, () => _time.Advance(TimeSpan.FromMilliseconds(500)), Cancel);
            Assert.That(await next, Is.True);
            if (text is null || frames.Current.Answer!.Text.Text == text)
            {
                return frames.Current;
            }

            next = frames.MoveNextAsync().AsTask();
        }
    }

    private RecordLiveStore Shared() =>
        new(_records, Options.Create(new LiveOptions()), _time, NullLogger<RecordLiveStore>.Instance);

    private static LiveFrame Frame(string text, string delivery = "a") => new()
    {
        RunId = Run,
        Turn = 1,
        Answer = new LiveAnswer
        {
            Delivery = delivery,
            StartedAt = DateTimeOffset.UnixEpoch,
            Model = "m",
            Text = new LiveSpan(0, text)
        },
    };

    private sealed class CountedRecords : IRecordStore
    {
        private readonly ConcurrentDictionary<string, StoredRecord> _inner = new(StringComparer.Ordinal);
        private int _reads;
        private int _writes;
        private int _frames;

        public int Reads => _reads;

        public int Writes => _writes;

        public int FrameWrites => _frames;

        public bool IsDown { get; set; }

        public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _reads);
            ThrowIfDown();
            return Task.FromResult(_inner.GetValueOrDefault(key));
        }

        public Task<string> PutAsync(string key, ReadOnlyMemory<byte> value, RecordCondition condition = default,
            CancellationToken cancellationToken = default)
        {
            ThrowIfDown();
            Assert.That(value.Length, Is.LessThan(1024 * 1024));
            string etag = $"{Interlocked.Increment(ref _writes)}";
            _ = key == $"live/{Run}" ? Interlocked.Increment(ref _frames) : 0;
            _inner[key] = new StoredRecord(key, value.ToArray(), etag);
            return Task.FromResult(etag);
        }

        public Task DeleteAsync(string key, RecordCondition condition = default, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public IAsyncEnumerable<StoredRecord> ListAsync(string prefix, string? after = null,
            CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        private void ThrowIfDown()
        {
            if (IsDown)
            {
                throw new AgentException(ErrorCode.EngineUnavailable, "The account does not answer.");
            }
        }
    }
}

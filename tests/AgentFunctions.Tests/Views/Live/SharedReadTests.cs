using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Views;
using AgentFunctions.Views.Live;

namespace AgentFunctions.Tests.Views.Live;

/// <summary>One tree and many who follow it.</summary>
[CancelAfter(300_000)]
internal sealed class SharedReadTests
{
    private static readonly RunTree Tree = new(
        new Run
        {
            Id = "r",
            Agent = "a",
            Model = "m",
            Goal = "g",
            Status = RunStatus.Running,
            CreatedAt = default,
            UpdatedAt = default
        }, null, []);

    private readonly VirtualTime _time = new(DateTimeOffset.UnixEpoch);
    private int _reads;

    [SetUp]
    public void Begin() => _reads = 0;

    [Test]
    public async Task Get_ByManyAtOnce_ReadsItOnce()
    {
        var read = new TaskCompletionSource<RunTree>();
        SharedRead<RunTree> tree = Of(() => read.Task);
        Task<(RunTree Value, TimeSpan? NewerIn)>[] asked = [.. Enumerable.Range(0, 50)
            .Select(_ => tree.GetAsync(false, TimeSpan.Zero, default))];
        read.SetResult(Tree);
        (RunTree Value, TimeSpan? NewerIn)[] given = await Task.WhenAll(asked);

        Assert.That(_reads, Is.EqualTo(1));
        Assert.That(given.Select(static one => one.Value), Is.All.SameAs(Tree));
        Assert.That(given.Skip(1).Select(static one => one.NewerIn), Is.All.EqualTo(TimeSpan.FromSeconds(1)),
            "what happens meanwhile is seen by the next look");
    }

    [Test]
    public async Task Get_WithinASecond_GivesTheSameAndSaysWhenToComeBack()
    {
        SharedRead<RunTree> tree = Of(static () => Task.FromResult(Tree));
        Assert.That((await tree.GetAsync(false, TimeSpan.Zero, default)).NewerIn, Is.Null);
        _time.Advance(TimeSpan.FromMilliseconds(400));
        Assert.That((await tree.GetAsync(false, TimeSpan.Zero, default)).NewerIn, Is.EqualTo(TimeSpan.FromMilliseconds(600)));
        _time.Advance(TimeSpan.FromMilliseconds(600));
        await tree.GetAsync(false, TimeSpan.Zero, default);

        Assert.That(_reads, Is.EqualTo(2));
    }

    [Test]
    public async Task Get_ByOneWhoLooksForNothing_TakesWhatIsOld()
    {
        SharedRead<RunTree> tree = Of(static () => Task.FromResult(Tree));
        await tree.GetAsync(false, TimeSpan.FromSeconds(5), default);
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.That((await tree.GetAsync(false, TimeSpan.FromSeconds(5), default)).NewerIn, Is.Null);
        Assert.That(_reads, Is.EqualTo(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        await tree.GetAsync(false, TimeSpan.FromSeconds(5), default);

        Assert.That(_reads, Is.EqualTo(2));
    }

    [Test]
    public async Task Get_AfterAReadingThatFailed_ReadsAnew()
    {
        SharedRead<RunTree> tree = Of(
            () => _reads == 1 ? Task.FromException<RunTree>(new IOException("no")) : Task.FromResult(Tree));
        Assert.ThrowsAsync<IOException>(() => tree.GetAsync(false, TimeSpan.Zero, default));

        Assert.That((await tree.GetAsync(false, TimeSpan.Zero, default)).Value, Is.SameAs(Tree));
    }

    [Test]
    public async Task Get_AtTheEndOfTheRun_ReadsItOnceMoreForAll()
    {
        SharedRead<RunTree> tree = Of(static () => Task.FromResult(Tree));
        await tree.GetAsync(false, TimeSpan.Zero, default);
        for (int i = 0; i < 10; i++)
        {
            Assert.That((await tree.GetAsync(true, TimeSpan.Zero, default)).NewerIn, Is.Null);
        }

        Assert.That(_reads, Is.EqualTo(2));
    }

    private SharedRead<RunTree> Of(Func<Task<RunTree>> read) => new(
        () =>
        {
            _reads++;
            return read();
        },
        TimeSpan.FromSeconds(1), _time);
}

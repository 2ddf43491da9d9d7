using System.Text;
using AgentFunctions.Records;
using AgentFunctions.Storage;
using AgentFunctions.Tests.Storage;
using AgentFunctions.Tests.Views.Live;
using Microsoft.Extensions.Time.Testing;

namespace AgentFunctions.Tests.Records;

/// <summary>Events that wait for the next one of their run.</summary>
[CancelAfter(300_000)]
internal sealed class JournalTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch);
    private Appends _log = null!;
    private Journal _journal = null!;

    [SetUp]
    public void Begin()
    {
        _log = new Appends();
        _journal = new Journal(_log, _time);
    }

    [Test]
    public async Task Soon_WithTheNextOfItsRun_IsOneAppendInTheOrderOfTheirComing()
    {
        Task first = _journal.AppendSoonAsync("a", Event("one"));
        Task second = _journal.AppendSoonAsync("a", Event("two"));
        await _journal.AppendAsync("b", Event("of another run"));
        Assert.That((first.IsCompleted, second.IsCompleted), Is.EqualTo((false, false)));

        await _journal.AppendAsync("a", Event("three"));
        await Task.WhenAll(first, second);

        Assert.That(_log.All, Is.EqualTo(new[] { "b: of another run", "a: one, two, three" }));
        _time.Advance(HeldEvents.Longest);
        await _journal.AppendAsync("a", Event("four"));
        Assert.That(_log.All[^1], Is.EqualTo("a: four"), "what was written does not wait any more");
    }

    [Test]
    public async Task Soon_WithoutCompany_IsWrittenWhenItHasWaited()
    {
        Task alone = _journal.AppendSoonAsync("a", Event("one"));
        _time.Advance(HeldEvents.Longest - TimeSpan.FromMilliseconds(1));
        Task later = _journal.AppendSoonAsync("a", Event("two"));
        Assert.That(_log.All, Is.Empty);

        _time.Advance(TimeSpan.FromMilliseconds(1));
        await Task.WhenAll(alone, later);

        Assert.That(_log.All, Is.EqualTo(new[] { "a: one, two" }));
    }

    [Test]
    public async Task Soon_Now_IsWrittenAtOnce()
    {
        Task soon = _journal.AppendSoonAsync("a", Event("one"));
        await _journal.WriteHeldAsync("a");
        await soon;
        await _journal.WriteHeldAsync("a");

        Assert.That(_log.All, Is.EqualTo(new[] { "a: one" }));
    }

    [Test]
    public async Task Soon_BeforeWhatIsLookedFor_IsFound()
    {
        Task soon = _journal.AppendSoonAsync("a", Event("one"));
        bool wasMissing = await _journal.AppendIfMissingAsync("a", Event("one"));
        await soon;

        Assert.That(wasMissing, Is.False);
        Assert.That(_log.All, Is.EqualTo(new[] { "a: one" }));
    }

    [Test]
    public async Task Soon_WrittenInVain_FailsForAllWhoseEventsItHeld()
    {
        Task soon = _journal.AppendSoonAsync("a", Event("one"));
        _log.Fails = true;
        Task company = _journal.AppendAsync("a", Event("two"));

        Assert.That(async () => await soon, Throws.TypeOf<IOException>());
        Assert.That(async () => await company, Throws.TypeOf<IOException>());
        _log.Fails = false;
        await _journal.AppendAsync("a", Event("three"));
        Assert.That(_log.All, Is.EqualTo(new[] { "a: three" }));
    }

    [Test]
    public async Task Soon_CompanyGivesUpWaiting_IsWrittenAllTheSame()
    {
        var held = new TaskCompletionSource();
        _log.Held = held.Task;
        using var cancel = new CancellationTokenSource();
        Task soon = _journal.AppendSoonAsync("a", Event("one"));
        Task company = _journal.AppendAsync("a", Event("two"), cancel.Token);
        await cancel.CancelAsync();
        Assert.That(async () => await company, Throws.InstanceOf<OperationCanceledException>());

        held.SetResult();
        await soon;

        Assert.That(_log.All, Is.EqualTo(new[] { "a: one, two" }));
    }

    private static JournalEvent Event(string type) => new(type, DateTimeOffset.UnixEpoch);

    /// <summary>A log that lists what was appended, an append at a time.</summary>
    private sealed class Appends() : DelegatingLogStore(new CountingLog())
    {
        public List<string> All { get; } = [];

        public bool Fails { get; set; }

        public Task Held { get; set; } = Task.CompletedTask;

        public override async Task<long> AppendAsync(string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries,
            long? expectedPosition = null, CancellationToken cancellationToken = default)
        {
            await Held.WaitAsync(cancellationToken);
            if (Fails)
            {
                throw new IOException("The disk is full.");
            }

            All.Add($"{stream.Split('/')[1]}: {string.Join(", ", entries.Select(static one => TypeOf(one)))}");
            return await base.AppendAsync(stream, entries, expectedPosition, cancellationToken);
        }

        private static string TypeOf(ReadOnlyMemory<byte> data) => Encoding.UTF8.GetString(data.Span).Split('"')[3];
    }
}

using System.Text;
using AgentFunctions.AzureStorage;
using AgentFunctions.Storage;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;

namespace AgentFunctions.AzureFunctions.Tests.Storage;

/// <summary>The appends of one process to one stream at the same time.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
public sealed class JoinedAppendsTests
{
    private const string Stream = "journals/run";

    private readonly string _account = AzuriteServer.TakeAccount();
    private readonly GatedStorage _storage = new();
    private readonly BlobLogStore _store;

    public JoinedAppendsTests()
    {
        var options = new BlobClientOptions();
        options.Retry.MaxRetries = 0;
        options.AddPolicy(_storage, HttpPipelinePosition.PerCall);
        _store = new BlobLogStore(new BlobContainers(AzuriteServer.Connect(_account, options)), TimeProvider.System);
    }

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Append_ManyAtOnce_AreTwoBlocksInTheirOrder()
    {
        Task<long> first = AppendAsync("0");
        await _storage.ArrivedAsync(Cancel);
        Task<long>[] others = [.. Enumerable.Range(1, 50).Select(number => AppendAsync($"{number}"))];
        _storage.Open();

        Assert.That(await first, Is.Zero);
        Assert.That(await Task.WhenAll(others), Is.EqualTo(Enumerable.Range(1, 50)));
        Assert.That(await TextsAsync(), Is.EqualTo(Enumerable.Range(0, 51).Select(static number => $"{number}")));
        // The first one is sent twice: the blob is made in between.
        Assert.That((_storage.Appends, _storage.Refused), Is.EqualTo((3, 0)));
    }

    [Test]
    public async Task Append_ManyAtOnceBesideAnotherProcess_KeepEachItsPositionAndOrder()
    {
        _storage.Open();
        var other = new BlobLogStore(new BlobContainers(AzuriteServer.Connect(_account)), TimeProvider.System);
        (string Text, Task<long> Position)[] appends =
        [
            .. Enumerable.Range(0, 80).Select(number =>
            {
                string text = $"{(number % 2 == 0 ? "here" : "there")} {number}";
                return (text, (number % 2 == 0 ? _store : other).AppendAsync(Stream, [Encoding.UTF8.GetBytes(text)], null,
                    Cancel));
            }),
        ];
        await Task.WhenAll(appends.Select(static append => append.Position));

        List<string> texts = await TextsAsync();
        Assert.That(texts, Has.Count.EqualTo(appends.Length));
        foreach ((string text, Task<long> position) in appends)
        {
            Assert.That(texts[(int)await position], Is.EqualTo(text));
        }

        Assert.That(texts.Where(static text => text.StartsWith('h')),
            Is.EqualTo(appends.Select(static append => append.Text).Where(static text => text.StartsWith('h'))));
    }

    [Test]
    public async Task Append_AtAPosition_IsRefusedAloneIfThatIsTaken()
    {
        Task<long> first = AppendAsync("0");
        await _storage.ArrivedAsync(Cancel);
        Task<long>[] others = [AppendAsync("1", 1), AppendAsync("2"), AppendAsync("wrong", 2), AppendAsync("3"),
            AppendAsync("4", 4)];
        _storage.Open();

        Assert.That(
            () => Task.WhenAll(others),
            Throws.InstanceOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.PositionConflict));
        Assert.That(others.Count(static task => task.IsFaulted), Is.EqualTo(1));
        Assert.That(await first, Is.Zero);
        Assert.That(await TextsAsync(), Is.EqualTo(new[] { "0", "1", "2", "3", "4" }));
    }

    [Test]
    public async Task Append_CancelledWhileItWaitsForItsTurn_IsNotWritten()
    {
        Task<long> first = AppendAsync("0");
        await _storage.ArrivedAsync(Cancel);
        using var stop = new CancellationTokenSource();
        Task<long> cancelled = _store.AppendAsync(Stream, ["no"u8.ToArray()], null, stop.Token);
        Task<long> last = AppendAsync("1");
        await stop.CancelAsync();
        _storage.Open();

        Assert.That(() => cancelled, Throws.InstanceOf<OperationCanceledException>());
        Assert.That((await first, await last), Is.EqualTo((0, 1)));
        Assert.That(await TextsAsync(), Is.EqualTo(new[] { "0", "1" }));
    }

    [Test]
    public async Task Append_CancelledWhileItIsWritten_LeavesTheOthersOfTheBlockAlone()
    {
        Task<long> first = AppendAsync("0");
        await _storage.ArrivedAsync(Cancel);
        using var stop = new CancellationTokenSource();
        Task<long> cancelled = _store.AppendAsync(Stream, ["perhaps"u8.ToArray()], null, stop.Token);
        Task<long> beside = AppendAsync("1");
        _storage.Open(2);
        await first;
        await _storage.ArrivedAsync(Cancel);
        await _storage.ArrivedAsync(Cancel);
        await stop.CancelAsync();
        Assert.That(() => cancelled, Throws.InstanceOf<OperationCanceledException>());
        _storage.Open();

        Assert.That(await beside, Is.EqualTo(2));
        Assert.That(await TextsAsync(), Is.EqualTo(new[] { "0", "perhaps", "1" }));
    }

    [Test]
    public async Task Append_WriteFails_TellsAllOfTheBlockAndTheNextOneIsWritten()
    {
        Task<long> first = AppendAsync("0");
        await _storage.ArrivedAsync(Cancel);
        _storage.Open(2);
        await first;
        await _storage.ArrivedAsync(Cancel);
        Task<long> failing = AppendAsync("1");
        await _storage.ArrivedAsync(Cancel);
        Task<long>[] joined = [AppendAsync("2"), AppendAsync("3")];
        _storage.Fail();
        Assert.That(() => failing,
            Throws.InstanceOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.EngineUnavailable));
        await _storage.ArrivedAsync(Cancel);
        _storage.Fail();
        foreach (Task<long> one in joined)
        {
            Assert.That(() => one,
                Throws.InstanceOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.EngineUnavailable));
        }

        _storage.Open();
        Assert.That(await AppendAsync("4"), Is.EqualTo(1));
        Assert.That(await TextsAsync(), Is.EqualTo(new[] { "0", "4" }));
    }

    private Task<long> AppendAsync(string text, long? expected = null) =>
        _store.AppendAsync(Stream, [Encoding.UTF8.GetBytes(text)], expected, Cancel);

    private async Task<List<string>> TextsAsync()
    {
        var fresh = new BlobLogStore(new BlobContainers(AzuriteServer.Connect(_account)), TimeProvider.System);
        var texts = new List<string>();
        await foreach (LogEntry entry in fresh.ReadAsync(Stream, 0, null, Cancel))
        {
            texts.Add(Encoding.UTF8.GetString(entry.Data.Span));
        }

        return texts;
    }
}

using AgentFunctions.Models;
using AgentFunctions.Models.Resilience;
using AgentFunctions.Steps;
using AgentFunctions.TestKit;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging.Abstractions;
using Polly.Timeout;

namespace AgentFunctions.Tests.Steps;

/// <summary>Which model is asked, and which one after it.</summary>
internal sealed class ModelFailoverTests
{
    private static readonly string[] Two = ["spare", "last"];

    private readonly VirtualTime _time = new(DateTimeOffset.UnixEpoch);
    private readonly List<string> _asked = [];
    private readonly Dictionary<string, AgentException> _troubles = [];
    private ModelFailover _failover = null!;
    private ModelBinding _first = null!;

    private static AgentException Unreachable => new(ErrorCode.ModelUnavailable, "cannot reach the endpoint.");

    private static AgentException Slow => new(ErrorCode.ModelUnavailable, "no answer in time.", new TimeoutRejectedException());

    private static IEnumerable<AgentException> Troubles
    {
        get
        {
            var outOfCredit = new AgentException(ErrorCode.ModelRequestRejected, "out of credit.");
            outOfCredit.Data[ModelTroubles.OutOfCredit] = true;
            return
            [
                Unreachable, Slow, outOfCredit, new(ErrorCode.ModelUnauthorized, "wrong key."),
                new(ErrorCode.ModelNotFound, "no such model."),
                new(ErrorCode.ModelRateLimited, "too many.") { RetryAfter = TimeSpan.FromHours(1) },
                new(ErrorCode.ModelStreamTruncated, "broke off."),
                new(ErrorCode.ModelProtocolError, "an HTML page."),
            ];
        }
    }

    [SetUp]
    public void Begin() => Begin(ModelTrouble.Any);

    [TestCaseSource(nameof(Troubles))]
    public async Task Call_FirstGivesNoAnswer_AnotherDoes(AgentException trouble)
    {
        _troubles["first"] = trouble;

        Assert.That((await CallAsync())?.Model.Name, Is.EqualTo("spare"));
        Assert.That((await CallAsync())?.Model.Name, Is.EqualTo("spare"));
        Assert.That(_asked, Is.EqualTo(new[] { "first", "spare", "spare" }), "the first is left alone for a while");
        Assert.That(_failover.WhyNot("first"), Is.EqualTo(trouble.Message));
    }

    [TestCase(ErrorCode.ModelContextExceeded)]
    [TestCase(ErrorCode.ModelContentFiltered)]
    [TestCase(ErrorCode.ModelRequestRejected)]
    [TestCase(ErrorCode.QuotaExceeded)]
    public void Call_RequestIsAtFault_NobodyElseIsAsked(ErrorCode code)
    {
        _troubles["first"] = new AgentException(code, "no.");

        Assert.That(() => CallAsync(), Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(code));
        Assert.That(_asked, Is.EqualTo(new[] { "first" }));
    }

    [Test]
    public void Call_TroubleThatTheFallbackIsNotFor_NobodyElseIsAsked()
    {
        Begin(ModelTrouble.Overloaded | ModelTrouble.Slow);
        _troubles["first"] = Unreachable;

        Assert.That(() => CallAsync(), Throws.TypeOf<AgentException>());
        Assert.That(_asked, Is.EqualTo(new[] { "first" }));
    }

    [Test]
    public async Task Call_MarkedAndMayBeCharged_IsLostOnceAndTheNextGoesElsewhere()
    {
        _troubles["first"] = Slow;

        Assert.That(await CallAsync(isMarked: true), Is.Null);
        Assert.That((await CallAsync(isMarked: true))?.Model.Name, Is.EqualTo("spare"));
        Assert.That(_asked, Is.EqualTo(new[] { "first", "spare" }));
    }

    [Test]
    public async Task Call_AfterAWhile_OneTriesTheFirstAndAllGoBackOnceItAnswers()
    {
        _troubles["first"] = Unreachable;
        await CallAsync();
        _time.Advance(TimeSpan.FromSeconds(15));
        await CallAsync();
        await CallAsync();
        Assert.That(_asked, Is.EqualTo(new[] { "first", "spare", "first", "spare", "spare" }));
        _asked.Clear();
        _troubles.Clear();

        _time.Advance(TimeSpan.FromSeconds(29));
        await CallAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        await CallAsync();
        await CallAsync();

        Assert.That(_asked, Is.EqualTo(new[] { "spare", "first", "first" }), "twice the pause after the second failure");
        Assert.That(_failover.WhyNot("first"), Is.Null);
    }

    [Test]
    public void Call_AllAreDown_SaysWhyAndWhenToComeBack()
    {
        _troubles["first"] = new AgentException(ErrorCode.ModelUnauthorized, "first: wrong key.");
        _troubles["spare"] = Unreachable;
        _troubles["last"] = new AgentException(ErrorCode.ModelRateLimited, "last: too many.")
        {
            RetryAfter = TimeSpan.FromHours(1),
        };

        Assert.That(
            () => CallAsync(),
            Throws.TypeOf<AgentException>().With.Property("Code")
                .EqualTo(ErrorCode.ModelUnavailable).And.Message.Contains("first: wrong key.").And.Message.Contains("last: too many."));
        Assert.That(
            () => CallAsync(),
            Throws.TypeOf<AgentException>().With.Property("RetryAfter")
                .EqualTo(TimeSpan.FromSeconds(15)).And.Message.Contains("cannot reach the endpoint."));
        Assert.That(_asked, Has.Count.EqualTo(3));
    }

    [Test]
    public async Task Call_RequestFitsNotTheSecond_TheThirdAnswers()
    {
        _troubles["first"] = Unreachable;

        Assert.That((await CallAsync(fits: static model => model.Name != "spare"))?.Model.Name, Is.EqualTo("last"));
    }

    [Test]
    public void Catalog_FallbackThatThereIsNot_IsRefused()
    {
        Assert.That(() => Catalog(Model("first", "ghost")),
            Throws.TypeOf<AgentException>().With.Message.StartsWith("Models:first:Fallback: 'ghost'"));
        Assert.That(() => Catalog(Model("first", "first")),
            Throws.TypeOf<AgentException>().With.Message.Contains("the model itself"));
    }

    private static ModelCatalog Catalog(params ModelBinding[] models) => new(models);

    private static ModelBinding Model(string name, params string[] fallback) =>
        new(name, name, new ModelProfile { Provider = "test" }, new SilentClient())
        {
            Fallback = fallback.Length == 0 ? null : new ModelFallback(fallback),
        };

    private void Begin(ModelTrouble on)
    {
        _asked.Clear();
        _troubles.Clear();
        _first = Model("first") with { Fallback = new ModelFallback(Two) { On = on } };
        _failover = new ModelFailover(
            Catalog(_first, Model("spare"), Model("last")), new ModelConcurrency(_time), new ModelOutages(_time),
            NullLogger<ModelFailover>.Instance);
    }

    private Task<ModelAnswer?> CallAsync(bool isMarked = false, Func<ModelBinding, bool>? fits = null) => _failover.CallAsync(
        _first, isMarked, fits ?? (static _ => true),
        model =>
        {
            _asked.Add(model.Name);
            return _troubles.TryGetValue(model.Name, out AgentException? trouble)
                ? Task.FromException<ChatResponse?>(trouble)
                : Task.FromResult<ChatResponse?>(new ChatResponse(new ChatMessage(ChatRole.Assistant, "yes")));
        });

    private sealed class SilentClient : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null,
            CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}

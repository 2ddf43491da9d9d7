using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway.Exports;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore;

/// <summary>Represents the settings of the HTTP API, bound to the configuration section <c>Api</c>.</summary>
public sealed class ApiOptions
{
    /// <summary>Names the configuration section.</summary>
    public const string Section = "Api";

    /// <summary>
    /// Gets or sets the key of the host, which callers send as <c>Authorization: Bearer</c>; at least 16 characters. By default
    /// <see langword="null"/>: if nothing else authenticates callers, programs on this machine need no key, and the host refuses
    /// to listen on other addresses.
    /// </summary>
    [MinLength(16, ErrorMessage = "Api:Key: use at least 16 characters.")]
    public string? Key { get; set; }

    /// <summary>
    /// Gets or sets whether the header <c>X-MS-CLIENT-PRINCIPAL</c> is trusted; false by default. Set it only if Azure's
    /// authentication runs in front of the app and removes the header from other requests.
    /// </summary>
    public bool TrustFunctionsPrincipal { get; set; }

    /// <summary>Gets the issuers whose tokens callers may send besides keys; none by default.</summary>
    public IList<OidcOptions> Oidc { get; } = [];

    /// <summary>Gets how the users that the app signs in become callers. <see cref="CallerFrom"/> replaces it.</summary>
    public UserOptions Users { get; } = new();

    /// <summary>
    /// Gets the host names under which callers without credentials are served besides <c>localhost</c>, <c>127.0.0.1</c> and
    /// <c>[::1]</c>; none by default. Callers with credentials may use any name of the host.
    /// </summary>
    public IList<string> Hosts { get; } = [];

    /// <summary>
    /// Gets the origins whose pages may read answers and change things here, exactly as browsers send them, such as
    /// <c>https://app.example.org</c>; none by default. Pages of another origin must send a key or token themselves:
    /// what a browser adds by itself, such as a cookie, does not count for them.
    /// </summary>
    public IList<string> Origins { get; } = [];

    /// <summary>
    /// Gets or sets the address under which people reach the runtime: scheme, host and the path that it is mapped below. Links in
    /// notifications begin with it.
    /// </summary>
    /// <value>The default is <see langword="null"/>: links begin with that path alone.</value>
    public string? PublicUrl { get; set; }

    /// <summary>
    /// The exported run that the host shows: nothing can be changed then. <see langword="null"/> for a host that works.
    /// </summary>
    internal ExportedRun? Export { get; set; }

    /// <summary>
    /// Gets the addresses and networks (<c>10.0.0.0/8</c>) of the proxies whose <c>X-Forwarded-For</c> is believed: where a
    /// request is from counts if it has no credentials. None by default. An app that uses forwarded headers itself needs none.
    /// </summary>
    public IList<string> Proxies { get; } = [];

    /// <summary>
    /// Gets or sets how many requests per second each caller may make, with bursts of ten times as many; requests beyond it get
    /// 429. Requests without valid credentials are counted by address. 100 by default, 0 for no limit. A host without keys has no
    /// limit.
    /// </summary>
    [Range(0, 1_000_000, ErrorMessage = "Api:RequestsPerSecond: use 0 to 1,000,000.")]
    public int RequestsPerSecond { get; set; } = 100;

    /// <summary>
    /// Gets or sets how many streams each caller may have open at once: event streams of runs and lists, streams of the doors,
    /// and calls of the Model Context Protocol that wait for a run. One more gets 429.
    /// </summary>
    /// <value>The default is 100. The range is 0, which is no limit, to 1,000,000.</value>
    [Range(0, 1_000_000, ErrorMessage = "Api:StreamsPerCaller: use 0 to 1,000,000.")]
    public int StreamsPerCaller { get; set; } = 100;

    /// <summary>
    /// Gets or sets how many such streams this host has open at once, whoever opens them. One more gets 503. Each instance counts
    /// its own.
    /// </summary>
    /// <value>The default is 5,000. The range is 0, which is no limit, to 1,000,000.</value>
    [Range(0, 1_000_000, ErrorMessage = "Api:StreamsPerHost: use 0 to 1,000,000.")]
    public int StreamsPerHost { get; set; } = 5_000;

    /// <summary>Gets or sets the interval of heartbeats on an event stream without events; 15 seconds by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00", ErrorMessage = "Api:Heartbeat: use 0.1 seconds to 10 minutes.")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Gets or sets after how long an event stream, or the stream of a door, ends by itself, though the run goes on; clients come
    /// back with the position that they have.
    /// </summary>
    /// <value>
    /// The default is <see langword="null"/>, which is no limit; on Functions 10 minutes, and never more than
    /// <c>functionTimeout</c> allows. The range is 1 second to 1 day.
    /// </value>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = "Api:StreamLifetime: use 1 second to 1 day.")]
    public TimeSpan? StreamLifetime { get; set; }

    /// <summary>Gets how the dashboard is served.</summary>
    [ValidateObjectMembers]
    public DashboardOptions Dashboard { get; } = new();

    internal Func<ClaimsPrincipal, Caller?>? CallerMapping { get; private set; }

    /// <summary>Sets how a user that the app has signed in becomes a caller.</summary>
    /// <param name="caller">
    /// Returns the caller, or <see langword="null"/> for a user that may not call. Whoever the same person signs in as must get
    /// the same id, and nobody else may: separation of duties and the audit log go by it.
    /// </param>
    public void CallerFrom(Func<ClaimsPrincipal, Caller?> caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        CallerMapping = caller;
    }

    /// <summary>
    /// Ensures that callers are authenticated if any of the addresses can be reached from other machines. The API checks this
    /// when it starts; a host that opens files before then asks first.
    /// </summary>
    /// <param name="addresses">The addresses that the host is to listen on, for example <c>http://127.0.0.1:7071</c>.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: an address is open to others, and neither a key nor an issuer is set.
    /// </exception>
    public void EnsureProtected(IEnumerable<string> addresses) => ListenCheck.Ensure(addresses, this);
}

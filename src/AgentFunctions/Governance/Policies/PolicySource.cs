using System.Security.Cryptography;
using System.Text;
using AgentFunctions.Core.Text;
using AgentFunctions.Governance.Options;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Governance.Policies;

/// <summary>
/// The policy that holds now. Changed files are taken up at the next decision, a second later at most; a change that is
/// broken is reported and the policy before it goes on to hold.
/// </summary>
internal sealed class PolicySource
{
    private const long MaxBytes = 4 << 20;

    /// <summary>How often the files are looked at.</summary>
    private static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(1);

    private readonly string? _path;
    private readonly IPolicyRule[] _rules;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private volatile Policy _policy;
    private string _fingerprint;
    private long _checkedAt;

    public PolicySource(
        IOptions<GovernanceOptions> options, IEnumerable<IPolicyRule> rules, TimeProvider time, ILogger<PolicySource> log)
    {
        _path = options.Value.PolicyPath;
        _rules = [.. rules];
        _time = time;
        _log = log;
        _checkedAt = time.GetTimestamp();
        _fingerprint = _path is null ? "" : Fingerprint(_path);
        _policy = Load();
        if (_path is null && _rules.Length == 0)
        {
            PolicyLog.NoPolicy(_log);
        }
        else
        {
            (PolicyVerdict none, PolicyVerdict idempotent, PolicyVerdict not) =
                (_policy.DefaultFor(ToolEffect.None), _policy.DefaultFor(ToolEffect.Idempotent),
                    _policy.DefaultFor(ToolEffect.NotIdempotent));
            if (_policy.HasOwnDefaults)
            {
                PolicyLog.PolicyWithDefaultsHolds(_log, _policy.Hash, none, idempotent, not);
            }
            else
            {
                PolicyLog.PolicyHolds(_log, _policy.Hash, none, idempotent, not);
            }
        }
    }

    /// <summary>Gets whether the host has a policy of its own.</summary>
    public bool IsConfigured => _path is not null || _rules.Length > 0;

    /// <summary>Gets what is wrong with the files as they are now; <see langword="null"/> if they hold.</summary>
    public string? Broken { get; private set; }

    /// <summary>The policy that holds.</summary>
    public Policy Current
    {
        get
        {
            if (_path is not null && _time.GetElapsedTime(Interlocked.Read(ref _checkedAt)) >= CheckEvery)
            {
                Reload(_path);
            }

            return _policy;
        }
    }

    /// <summary>Reads a policy file, or the <c>.yaml</c> and <c>.yml</c> files of a folder.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names file, line and remedy.
    /// </exception>
    public static Policy Load(string path, IReadOnlyList<IPolicyRule> rules)
    {
        (string Path, string Text)[] texts = [.. FilesOf(path).Select(file => (file, Read(file)))];
        return Build(texts, rules);
    }

    private static Policy Build(IReadOnlyList<(string Path, string Text)> texts, IReadOnlyList<IPolicyRule> rules)
    {
        PolicyFile[] files = [.. texts.Select(text => PolicyFile.Parse(text.Text, text.Path))];
        IPolicyRule[] all = [.. rules, .. files.SelectMany(file => file.Rules)];
        if (all.GroupBy(rule => rule.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"{string.Join(", ", texts.Select(text => text.Path))}: two rules are called '{twice.Key}'; rename one of them.");
        }

        var defaults = new Dictionary<ToolEffect, PolicyVerdict>(Policy.StrictDefaults);
        foreach (IGrouping<ToolEffect, PolicyVerdict> said in files.SelectMany(file => file.Defaults)
            .GroupBy(pair => pair.Key, pair => pair.Value))
        {
            // Of two files that disagree the stricter one holds.
            defaults[said.Key] = said.MaxBy(static verdict => verdict switch
            {
                PolicyVerdict.Deny => 2,
                PolicyVerdict.Ask => 1,
                _ => 0
            });
        }

        return new Policy(
            HashOf(texts, rules), all, [.. files.SelectMany(file => file.Labels)], [.. files.SelectMany(file => file.Risks)],
            defaults)
        {
            UnknownOutcomes = [.. files.SelectMany(file => file.UnknownOutcomes)],
            ReadsHistory = rules.Count > 0 || files.Any(file => file.ReadsHistory),
            ReadsPlan = rules.Count > 0 || files.Any(file => file.ReadsPlan),
            ReadsArguments = rules.Count > 0 || files.Any(file => file.ReadsArguments),
            HasOwnDefaults = files.Any(static file => file.Defaults.Count > 0),
            Folders = [.. files.SelectMany(static file => file.Folders).Distinct(StringComparer.Ordinal)],
        };
    }

    private Policy Load() => _path is not null ? Load(_path, _rules)
        : Build(_rules.Length > 0 ? [] : [("default.yaml", DefaultText())], _rules);

    private void Reload(string path)
    {
        lock (_gate)
        {
            if (_time.GetElapsedTime(_checkedAt) < CheckEvery)
            {
                return;
            }

            Interlocked.Exchange(ref _checkedAt, _time.GetTimestamp());
            try
            {
                string fingerprint = Fingerprint(path);
                // What could not be read is read again: who may read a file changes neither its time nor its length.
                if (fingerprint != _fingerprint || Broken is not null)
                {
                    _policy = Load();
                    _fingerprint = fingerprint;
                    Broken = null;
                    PolicyLog.PolicyReloaded(_log, _policy.Hash, _policy.Rules.Count);
                }
            }
            catch (Exception e) when (e is AgentException or IOException or UnauthorizedAccessException)
            {
                if (Broken != e.Message)
                {
                    PolicyLog.PolicyBroken(_log, _policy.Hash, e.Message);
                }

                Broken = e.Message;
            }
        }
    }

    private static string Fingerprint(string path) => string.Join('\n', FilesOf(path).Select(FileState.Of));

    private static string[] FilesOf(string path)
    {
        if (!Directory.Exists(path))
        {
            return [path];
        }

        string[] files = [.. Directory.EnumerateFiles(path).Where(static file => file.EndsWith(".yaml", StringComparison.Ordinal)
            || file.EndsWith(".yml", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        return files.Length > 0
            ? files
            : throw new AgentException(ErrorCode.InvalidInput,
                $"policy: the folder '{path}' has no .yaml file; add one or name a file.");
    }

    private static string Read(string path) => TextFile.Read(
        path, MaxBytes, (line, words, error) => new AgentException(ErrorCode.InvalidInput,
            $"policy: {path}:{line}: the file {words}.", error));

    private static string DefaultText()
    {
        using Stream stream =
            typeof(PolicySource).Assembly.GetManifestResourceStream("AgentFunctions.Governance.Policies.default.yaml")!;
        return new StreamReader(stream).ReadToEnd();
    }

    private static string HashOf(IReadOnlyList<(string Path, string Text)> texts, IReadOnlyList<IPolicyRule> rules)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string part in texts.SelectMany(static text => new[] { Path.GetFileName(text.Path), text.Text })
            .Concat(rules.SelectMany(static rule => new[] { rule.GetType().FullName!, rule.Name, rule.Version })))
        {
            byte[] bytes = Encoding.UTF8.GetBytes(part);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Dashboard;

/// <summary>The files of the dashboard: those of the library, or for work on them those of a folder.</summary>
internal sealed class DashboardFiles(IOptions<ApiOptions> options)
{
    private const string Prefix = "Dashboard/";

    private readonly string? _folder = options.Value.Dashboard.AssetsFolder;
    private readonly Lazy<DashboardVersion> _embedded = new(static () => new DashboardVersion(Embedded()));

    /// <summary>The files as they are now, all of one version.</summary>
    public DashboardVersion Current => _folder is null ? _embedded.Value : new DashboardVersion(In(_folder));

    private static IEnumerable<DashboardFile> Embedded()
    {
        Assembly assembly = typeof(DashboardFiles).Assembly;
        foreach (string name in assembly.GetManifestResourceNames()
            .Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using Stream stream = assembly.GetManifestResourceStream(name)!;
            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            yield return Served(name[Prefix.Length..], content);
        }
    }

    private static IEnumerable<DashboardFile> In(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(path => Served(Path.GetRelativePath(folder, path).Replace('\\', '/'), File.ReadAllBytes(path)));

    private static DashboardFile Served(string name, byte[] content) => new(name, ServedText.Of(name, content));
}

/// <summary>All files of the dashboard, which import each other by relative addresses and so are never of two versions.</summary>
internal sealed class DashboardVersion
{
    private const string ShellName = "index.html";
    private const int IdBytes = 8;

    private readonly FrozenDictionary<string, DashboardFile> _files;
    private readonly string _shell;

    public DashboardVersion(IEnumerable<DashboardFile> files)
    {
        _files = files.ToFrozenDictionary(static file => file.Name, StringComparer.Ordinal);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (DashboardFile file in _files.Values.OrderBy(static file => file.Name, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{file.Name}\n{file.Content.Length}\n"));
            hash.AppendData(file.Content.Span);
        }

        Id = Convert.ToHexStringLower(hash.GetHashAndReset(), 0, IdBytes);
        _shell = _files.TryGetValue(ShellName, out DashboardFile? shell)
            ? Encoding.UTF8.GetString(shell.Content.Span)
            : throw new AgentException(
                ErrorCode.InvalidInput,
                $"Api:Dashboard:AssetsFolder: the folder has no {ShellName}; name the folder of the dashboard's files.");
    }

    /// <summary>The hash over all files, of which their addresses carry the beginning.</summary>
    public string Id { get; }

    public DashboardFile? Find(string name) => name == ShellName ? null : _files.GetValueOrDefault(name);

    /// <summary>The shell for an address.</summary>
    /// <param name="dashboard">The relative way from the address to the dashboard: <c>./</c> or some <c>../</c>.</param>
    /// <param name="root">The same to where the runtime is mapped.</param>
    public byte[] Shell(string dashboard, string root) => Encoding.UTF8.GetBytes(_shell
        .Replace("{{assets}}", $"{dashboard}-/{Id}/", StringComparison.Ordinal)
        .Replace("{{dashboard}}", dashboard, StringComparison.Ordinal)
        .Replace("{{root}}", root, StringComparison.Ordinal)
        .Replace("{{version}}", Id, StringComparison.Ordinal));
}

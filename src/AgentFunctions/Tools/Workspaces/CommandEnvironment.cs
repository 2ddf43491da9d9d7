using System.Collections;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>
/// The environment of commands: known to be harmless or named by the host, so that no key of the host's goes along.
/// </summary>
internal static class CommandEnvironment
{
    private static readonly HashSet<string> Harmless = new(StringComparer.OrdinalIgnoreCase)
    {
        "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "DOTNET_ROOT", "JAVA_HOME",
        "GOPATH",
        "SystemRoot", "SystemDrive", "windir", "ComSpec", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "ProgramData",
        "ProgramFiles", "ProgramFiles(x86)", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "OS",
    };

    /// <summary>Makes an environment from the host's own.</summary>
    /// <param name="passed">Names of further variables to take along.</param>
    public static IEnumerable<KeyValuePair<string, string?>> Make(IReadOnlySet<string> passed)
    {
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            string name = (string)variable.Key;
            if (Harmless.Contains(name) || name.StartsWith("LC_", StringComparison.Ordinal) || passed.Contains(name))
            {
                yield return new(name, (string?)variable.Value);
            }
        }
    }
}

using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.Records;

namespace AgentFunctions.Tests.Documents;

/// <summary>Writes docs/reference/codes.md out of the code.</summary>
internal static class CodesPage
{
    private const string Heading = """
        # Error codes and event types

        What the API, the program and the library call what went wrong (`code` of a problem, `AgentException.Code`), and the types of the events
        of a run (`GET /api/runs/{id}/events`). Names and numbers do not change. This page is written by a test from the code.

        ## Error codes

        | code | number | HTTP status | when |
        |---|---|---|---|

        """;

    public static string Write()
    {
        var text = new StringBuilder(Heading);
        foreach (ErrorCode code in Enum.GetValues<ErrorCode>())
        {
            string name = JsonNamingPolicy.CamelCase.ConvertName(code.ToString());
            string what = SettingsPage.Summary($"F:{typeof(ErrorCode).FullName}.{code}", typeof(ErrorCode));
            text.Append(CultureInfo.InvariantCulture, $"| `{name}` | {(int)code} | {ErrorStatus.Of(code)} | {what} |\n");
        }

        text.Append("\n## Event types\n\n| type | when |\n|---|---|\n");
        foreach (FieldInfo type in typeof(JournalEventTypes).GetFields().Where(static one => one.IsLiteral)
            .OrderBy(static one => (string)one.GetRawConstantValue()!, StringComparer.Ordinal))
        {
            text.Append($"| `{type.GetRawConstantValue()}` | {SettingsPage.Summary($"F:{typeof(JournalEventTypes).FullName}.{type.Name}", typeof(JournalEventTypes))} |\n");
        }

        return text.ToString();
    }
}

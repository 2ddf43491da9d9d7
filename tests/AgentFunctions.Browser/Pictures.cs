using System.Runtime.CompilerServices;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>
/// The pictures in <c>docs/images</c>, taken from the screens of the tests where <c>AGENTFUNCTIONS_SNAPSHOTS=write</c> says so.
/// </summary>
internal static class Pictures
{
    /// <summary>Whether they are taken anew.</summary>
    public static readonly bool AreTaken = Environment.GetEnvironmentVariable("AGENTFUNCTIONS_SNAPSHOTS") == "write";

    /// <summary>The pictures by the screen of the tests; a name with <c>phone</c> is of the small window.</summary>
    private static readonly (string Screen, string Picture, ColorScheme Scheme)[] Taken =
    [
        ("runs", "runs", ColorScheme.Light), ("runs", "runs-dark", ColorScheme.Dark), ("start", "start", ColorScheme.Light),
        ("run-live", "run", ColorScheme.Light), ("run-live", "run-dark", ColorScheme.Dark),
        ("run-live", "phone", ColorScheme.Light), ("run-timeline", "timeline", ColorScheme.Light),
        ("run-tree", "tree", ColorScheme.Light), ("run-transcript", "transcript", ColorScheme.Light),
        ("run-shown", "shown", ColorScheme.Light), ("run-changes", "changes", ColorScheme.Light),
        ("run-files", "files", ColorScheme.Light), ("run-budget", "budget", ColorScheme.Dark),
        ("run-audit", "audit", ColorScheme.Light), ("approvals", "approvals", ColorScheme.Light),
        ("approval", "phone-approval", ColorScheme.Dark), ("questions", "questions", ColorScheme.Dark),
        ("reviews", "reviews", ColorScheme.Light), ("incidents", "incidents", ColorScheme.Light),
        ("incident", "incident", ColorScheme.Light), ("monitors", "monitors", ColorScheme.Light),
        ("monitor", "monitor", ColorScheme.Dark), ("agents", "agents", ColorScheme.Light), ("agent", "agent", ColorScheme.Light),
        ("policy", "policy", ColorScheme.Light), ("usage", "usage", ColorScheme.Light), ("life", "data", ColorScheme.Light),
        ("kill-engaged", "kill", ColorScheme.Light), ("exported", "exported", ColorScheme.Light),
    ];

    /// <summary>Takes what is shown, if it is in the pages.</summary>
    /// <param name="page">The page.</param>
    /// <param name="screen">The screen.</param>
    public static async Task TakeAsync(IPage page, string screen)
    {
        bool isPhone = page.ViewportSize!.Width < 640;
        foreach ((string _, string picture, ColorScheme scheme) in Taken.Where(one => one.Screen == screen
            && one.Picture.StartsWith("phone", StringComparison.Ordinal) == isPhone))
        {
            await page.EmulateMediaAsync(new() { ColorScheme = scheme });
            await page.ScreenshotAsync(new() { Path = Path.Combine(Folder(), $"dashboard-{picture}.png") });
        }
    }

    private static string Folder([CallerFilePath] string path = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "docs", "images"));
}

namespace AgentFunctions.Tools.Workspaces.Commands;

/// <summary>
/// Knows which settings of a repository's configuration neither run a program nor lead elsewhere, or are overridden.
/// </summary>
internal static class GitSettings
{
    private static readonly HashSet<string> Harmless = new(StringComparer.OrdinalIgnoreCase)
    {
        "core.repositoryformatversion", "core.filemode", "core.bare", "core.logallrefupdates", "core.ignorecase",
        "core.precomposeunicode", "core.symlinks",
        "core.autocrlf", "core.eol", "core.safecrlf", "core.quotepath", "core.abbrev", "core.compression",
        "core.sharedrepository", "core.untrackedcache",
        "core.preloadindex", "core.splitindex", "core.commentchar", "core.checkstat", "core.trustctime", "core.bigfilethreshold",
        "core.longpaths",
        "core.protecthfs", "core.protectntfs", "core.sparsecheckout", "core.sparsecheckoutcone", "core.commitgraph",
        "core.multipackindex", "core.whitespace",
        "core.hidedotfiles", "core.fscache", "core.fsync", "core.fsyncmethod", "core.fsyncobjectfiles", "core.createobject",
        "core.usereplacerefs",
        // Switches that are overridden for every command, and files that name no program.
        "core.excludesfile", "core.attributesfile", "commit.gpgsign", "tag.gpgsign", "log.showsignature", "protocol.allow",
        "safe.barerepository",
        "diff.ignoresubmodules", "submodule.recurse", "status.submodulesummary", "gc.auto", "maintenance.auto", "commit.template",
        "diff.orderfile",
        "blame.ignorerevsfile", "rerere.enabled", "help.autocorrect",
        // Text and switches.
        "user.name", "user.email", "user.signingkey", "user.useconfigonly", "author.name", "author.email", "committer.name",
        "committer.email", "gpg.format",
        "init.defaultbranch", "extensions.objectformat", "extensions.compatobjectformat", "extensions.refstorage",
        "extensions.noop", "extensions.partialclone",
        "extensions.worktreeconfig", "submodule.active", "versionsort.suffix", "tag.sort", "branch.sort", "merge.conflictstyle",
        "merge.ff", "merge.renames",
        "merge.log", "merge.stat", "commit.verbose", "commit.cleanup", "commit.status", "diff.renames", "diff.algorithm",
        "diff.context", "diff.mnemonicprefix",
        "diff.noprefix", "diff.renamelimit", "diff.interhunkcontext", "diff.colormoved", "diff.wserrorhighlight",
        "diff.indentheuristic", "diff.statgraphwidth",
        "log.date", "log.decorate", "log.follow", "log.abbrevcommit", "log.mailmap", "status.short", "status.branch",
        "status.showuntrackedfiles",
        "status.relativepaths", "pull.rebase", "pull.ff", "push.default", "push.autosetupremote", "push.followtags",
        "fetch.prune", "rebase.autosquash",
        "rebase.autostash", "branch.autosetuprebase", "branch.autosetupmerge", "checkout.defaultremote", "rerere.autoupdate",
        "lfs.repositoryformatversion",
    };

    /// <summary>
    /// Settings that name programs and are overridden for every command, though not in the repositories within.
    /// </summary>
    private static readonly HashSet<string> Overridden = new(StringComparer.OrdinalIgnoreCase)
    {
        "core.hookspath", "core.fsmonitor", "core.pager", "core.editor", "core.askpass", "core.sshcommand", "core.gitproxy",
        "core.alternaterefscommand",
        "sequence.editor", "diff.external", "interactive.difffilter", "credential.helper", "gpg.program", "gpg.openpgp.program",
        "gpg.x509.program",
        "gpg.ssh.program",
    };

    private static readonly string[] HarmlessSections = ["advice.", "color.", "column.", "pack.", "index.", "feature.", "gc.",
        "i18n."];

    private static readonly Dictionary<string, HashSet<string>> HarmlessOfNamed = new(StringComparer.OrdinalIgnoreCase)
    {
        ["branch"] = Words("remote", "merge", "rebase", "description", "pushremote", "vscode-merge-base",
            "github-pr-owner-number"),
        ["remote"] = Words("url", "fetch", "pushurl", "tagopt", "mirror", "prune", "push", "promisor", "partialclonefilter",
            "gh-resolved"),
        ["submodule"] = Words("url", "active", "branch", "ignore"),
        ["diff"] = Words("xfuncname", "funcname", "binary", "wordregex", "algorithm"),
        ["color"] = Words("branch", "diff", "status", "grep", "interactive"),
        ["lfs"] = Words("access", "locksverify"),
    };

    /// <summary>Reads the keys that <c>git config --list --name-only -z</c> writes.</summary>
    /// <param name="output">Its output.</param>
    public static IEnumerable<string> Keys(string output) => output.Split('\0', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>
    /// Determines whether a setting of the repository itself is harmless, since it is overridden or runs nothing.
    /// </summary>
    /// <param name="key">The key: <c>section.key</c> or <c>section.name.key</c>.</param>
    public static bool IsHarmless(string key) => Overridden.Contains(key) || RunsNothing(key);

    /// <summary>
    /// Determines whether a setting of a repository within the repository is harmless, which nothing can override.
    /// </summary>
    /// <param name="key">The key: <c>section.key</c> or <c>section.name.key</c>.</param>
    public static bool IsHarmlessWithin(string key) => RunsNothing(key)
        || string.Equals(key, "core.worktree", StringComparison.OrdinalIgnoreCase);

    private static bool RunsNothing(string key)
    {
        int first = key.IndexOf('.', StringComparison.Ordinal);
        int last = key.LastIndexOf('.');
        if (first < 0 || Harmless.Contains(key))
        {
            return first >= 0;
        }

        return first == last
            ? HarmlessSections.Any(section => key.StartsWith(section, StringComparison.OrdinalIgnoreCase))
            : HarmlessOfNamed.TryGetValue(key[..first], out HashSet<string>? keys) && keys.Contains(key[(last + 1)..]);
    }

    private static HashSet<string> Words(params string[] names) => new(names, StringComparer.OrdinalIgnoreCase);
}

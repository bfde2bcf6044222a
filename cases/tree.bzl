"""A folder of files as they lie in the source tree, for an installation."""

def _file_tree_impl(ctx):
    tree = ctx.actions.declare_directory(ctx.label.name)
    arguments = ctx.actions.args()
    arguments.add(tree.path)
    arguments.add_all(ctx.files.srcs)
    ctx.actions.run_shell(
        outputs = [tree],
        inputs = ctx.files.srcs,
        arguments = [arguments],
        command = 'tree=$1; shift; for file; do mkdir -p "$tree/${file%/*}" && cp -L "$file" "$tree/$file" || exit 1; done',
    )
    return DefaultInfo(files = depset([tree]), runfiles = ctx.runfiles(files = [tree]))

file_tree = rule(
    implementation = _file_tree_impl,
    attrs = {"srcs": attr.label_list(allow_files = True)},
    doc = "Copies the files into a folder of the rule's name, with their paths from the workspace's root.",
)

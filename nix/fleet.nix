# A fleet's folder of declarations out of what it declares itself: boards, roles, curriculum, trials and models that it does not
# write anew are ours.
{ runCommand }:
own:
runCommand "sage-fleet" { } ''
  mkdir $out
  for part in boards claims.yaml curriculum models models.lock roles theories.yaml trials; do
    cp -r ${../fleet}/$part $out/$part
  done
  chmod -R u+w $out
  cp -r ${own}/. $out
''
